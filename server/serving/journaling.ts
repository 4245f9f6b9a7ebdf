import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import type { ModelCard } from '../../contracts/model-card.ts';
import { PATHS, SECRETS } from '../../contracts/names.ts';
import type { ServeEnvironment } from '../../contracts/pod-environment.ts';
import { storeLayout } from '../../contracts/store-layout.ts';
import type { StoreLayout } from '../../contracts/store-layout.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { readMountedFile } from '../../platform/mounted-file/mounted-file.ts';
import { parseLocation } from '../../platform/object-store/location.ts';
import type { ObjectStore } from '../../platform/object-store/object-store.ts';
import { openStore } from '../../platform/object-store/open.ts';
import { readTokens } from '../feedback/bearer-token.ts';
import { Feedback } from '../feedback/feedback.ts';
import { LabelLog } from '../feedback/label-log.ts';
import { Journal, later } from '../journal/journal.ts';
import { RecordWriter } from '../journal/record-writer.ts';
import { FolderDisk } from '../journal/segment-disk.ts';
import { StoreWriter } from '../journal/store-writer.ts';
import { ephemeralKeyring, parseKeyring } from '../prediction-id/keyring.ts';
import { PredictionIds } from '../prediction-id/prediction-ids.ts';
import { FeedbackMetrics } from '../telemetry/feedback-metrics.ts';
import { JournalMetrics } from '../telemetry/journal-metrics.ts';

/** What the operator mounts for journal and labels. */
export type JournalFolders = Readonly<{ journal: string; feedback: string; predictionKeys: string }>;
export const JOURNAL_FOLDERS: JournalFolders = { journal: PATHS.journal, feedback: PATHS.feedback, predictionKeys: PATHS.predictionKeys };

/** A segment has some 600 KB: who needs longer is as good as away. */
const SHIP_TIMEOUT_MS = 30_000;
/** An application waits for this. */
const LABEL_TIMEOUT_MS = 4000;
/** The kubelet takes a minute or two to bring a changed Secret. */
const KEYS_EVERY_MS = 10_000;

/** What journal and labels of a pod are made of. */
export type JournalingOptions = Readonly<{ environment: ServeEnvironment; card: ModelCard; registry: Registry; logger: Logger; folders: JournalFolders }>;

/** Journal and labels of a serving pod. */
export type Journaling = Readonly<{
  ids: PredictionIds;
  /** Undefined without a store, or without a volume to keep segments on: predictions are answered all the same. */
  journal: Journal | undefined;
  feedback: Feedback;
  /** Ships what there is until the signal fires. */
  close: (signal: AbortSignal) => Promise<void>;
}>;

type Store = Readonly<{ store: ObjectStore; layout: StoreLayout }>;

/**
 * Opens what is there of journal and labels. What is missing is told in the log and by `:feedback`; it keeps no pod from serving.
 * @throws ChurnOpsError ConfigurationInvalid for a repository that is none
 */
export async function openJournaling(options: JournalingOptions): Promise<Journaling> {
  const { environment, card, registry, logger, folders } = options;
  const opened = openPodStore(environment);
  const journal = await openJournal(options, opened);
  const ids = new PredictionIds(environment.CHURNOPS_MODEL, ephemeralKeyring());
  const stopKeys = await followKeys(ids, join(folders.predictionKeys, SECRETS.predictionKeys.keys), logger);
  const stop = new AbortController();
  const log =
    opened === undefined
      ? undefined
      : new LabelLog({ store: new StoreWriter(opened.store, LABEL_TIMEOUT_MS), prefix: opened.layout.labels, pod: podName(environment), now: Date.now, schedule: later, signal: stop.signal });
  const feedback = new Feedback({
    log,
    tokens: () => readTokens(folders.feedback),
    labels: card.labels,
    standing: (id) => ids.standing(id),
    customers: card.entity !== null && !environment.CHURNOPS_JOURNAL_REDACT.includes(card.entity.column),
    metrics: new FeedbackMetrics(registry),
  });
  const close = async (signal: AbortSignal): Promise<void> => {
    stopKeys();
    const left = await journal?.close(signal);
    stop.abort(new Error('the process ends'));
    opened?.store.close();
    if (journal !== undefined) logger.info({ ...left }, 'journal closed');
  };
  return { ids, journal, feedback, close };
}

function openPodStore({ CHURNOPS_REPOSITORY: url, CHURNOPS_VOLUME: volume, CHURNOPS_MODEL: model, ...access }: ServeEnvironment): Store | undefined {
  if (url === undefined) return undefined;
  const location = parseLocation(url, volume);
  return { store: openStore(location, { endpoint: access.CHURNOPS_STORE_ENDPOINT, region: access.CHURNOPS_STORE_REGION }), layout: storeLayout(location.prefix, model) };
}

function podName({ CHURNOPS_POD: pod }: ServeEnvironment): string {
  return pod ?? hostname().toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-');
}

async function openJournal({ environment, card, registry, logger, folders }: JournalingOptions, opened: Store | undefined): Promise<Journal | undefined> {
  let journal: Journal | undefined;
  const events = new JournalMetrics(registry, () => journal?.waiting);
  if (opened === undefined) {
    logger.info('the pod was given no store: predictions are not journaled');
    return undefined;
  }
  try {
    journal = await Journal.open({
      records: new RecordWriter({ card, features: environment.CHURNOPS_JOURNAL_FEATURES, redact: environment.CHURNOPS_JOURNAL_REDACT }),
      samplePercent: environment.CHURNOPS_JOURNAL_SAMPLE_PERCENT,
      disk: new FolderDisk(folders.journal),
      store: new StoreWriter(opened.store, SHIP_TIMEOUT_MS),
      prefix: opened.layout.predictions,
      pod: podName(environment),
      events,
      logger,
    });
  } catch (error) {
    logger.error({ error, folder: folders.journal }, 'the folder of the journal cannot be used: predictions are not journaled');
  }
  return journal;
}

/** Keeps the keys of prediction ids as the mounted file has them; what cannot be read changes nothing. Gives what ends it. */
async function followKeys(ids: PredictionIds, path: string, logger: Logger): Promise<() => void> {
  let known: string | undefined;
  const look = async (): Promise<void> => {
    try {
      const text = await readMountedFile(path);
      if (text === undefined || text === known) return;
      known = text;
      ids.useKeys(parseKeyring(text));
      logger.info({ path }, 'keys of prediction ids read');
    } catch (error) {
      logger.error({ error, path }, 'keys of prediction ids cannot be read; those before them stay');
    }
  };
  await look();
  if (known === undefined) logger.warn({ path }, 'no keys of prediction ids are mounted: labels by the ids of this pod are refused elsewhere');
  const timer = setInterval(() => void look(), KEYS_EVERY_MS).unref();
  return () => clearInterval(timer);
}
