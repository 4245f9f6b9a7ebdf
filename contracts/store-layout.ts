/**
 * Where what lies in the object store (DESIGN section 2.3). Everything that reads or writes beside model packages asks here, so that what
 * the journal writes is what evaluations read and what retention deletes.
 *
 * The layout begins where the `models/` of `<base>/models/<name>` begins: s3://churn/models/telco-churn has the whole bucket,
 * s3://shared/team-a/models/telco-churn the folder team-a. A repository of another form has the whole bucket, or the whole volume.
 */

const DAY_MS = 86_400_000;

/** Prefixes of one ChurnModel, as keys of its bucket or volume, without a slash at either end. */
export type StoreLayout = Readonly<{
  raw: string;
  datasets: string;
  holdouts: string;
  predictions: string;
  labels: string;
  outcomes: string;
  evaluations: string;
  scores: string;
}>;

/**
 * The prefixes of a model.
 * @param repository prefix of `spec.model.repository` below its bucket or volume, without slashes at its ends
 * @param model name of the ChurnModel
 */
export function storeLayout(repository: string, model: string): StoreLayout {
  const below = (kind: string): string => [...baseOf(repository), kind, model].join('/');
  return {
    raw: below('raw'),
    datasets: below('datasets'),
    holdouts: below('holdouts'),
    predictions: below('predictions'),
    labels: below('labels'),
    outcomes: below('outcomes'),
    evaluations: below('evaluations'),
    scores: below('scores'),
  };
}

function baseOf(repository: string): readonly string[] {
  const parts = repository.split('/').filter((part) => part !== '');
  return parts.at(-2) === 'models' ? parts.slice(0, -2) : [];
}

/** Folder of a day (UTC) below raw, predictions or labels: `dt=2026-11-21`. */
export function dayPartition(ms: number): string {
  return `dt=${new Date(ms).toISOString().slice(0, 10)}`;
}

/** Folder of an hour (UTC) below predictions: `dt=2026-11-21/hour=07`. */
export function hourPartition(ms: number): string {
  return `${dayPartition(ms)}/hour=${new Date(ms).toISOString().slice(11, 13)}`;
}

/** Suffix of what the journal writes: gzip of one JSON document a line. Whatever else lies there is not the journal's. */
export const JOURNAL_SUFFIX = '.ndjson.gz';

/**
 * Key of a piece of the journal: `<predictions>/dt=2026-11-21/hour=07/<pod>-<n>.ndjson.gz`.
 * @param prefix of {@link StoreLayout}.predictions
 * @param atMs instant of its records, all of one hour (UTC)
 * @param n never given twice by this pod
 */
export function predictionsKey(prefix: string, atMs: number, pod: string, n: string): string {
  return `${prefix}/${hourPartition(atMs)}/${pod}-${n}${JOURNAL_SUFFIX}`;
}

/**
 * Key of a group of labels: `<labels>/dt=2026-11-21/<pod>-<n>.ndjson.gz`.
 * @param receivedMs when they were received; epoch milliseconds
 */
export function labelsKey(prefix: string, receivedMs: number, pod: string, n: string): string {
  return `${prefix}/${dayPartition(receivedMs)}/${pod}-${n}${JOURNAL_SUFFIX}`;
}

/**
 * Folder of what an evaluation of a candidate keeps of the journal, of one day: `<labels>/dt=2026-11-21/condensed/<hash>`. It lies among labels, as it
 * names customers and must go when labels and predictions go.
 * @param day as {@link dayPartition} gives it: when it was kept
 */
export function condensedFolder(labels: string, day: string, hash: string): string {
  return `${labels}/${day}/condensed/${hash}`;
}

/** When the day of a partition folder ends, epoch milliseconds; undefined for names that are no such folder, or no day of the calendar. */
export function partitionEndMs(folder: string): number | undefined {
  const day = /^dt=(\d{4}-\d{2}-\d{2})$/.exec(folder)?.[1];
  return day === undefined ? undefined : dayEndMs(day);
}

function dayEndMs(day: string): number | undefined {
  const startMs = Date.parse(`${day}T00:00:00.000Z`);
  // 2026-02-30 is read as 2 March by some engines, as no date by others.
  if (Number.isNaN(startMs) || new Date(startMs).toISOString().slice(0, 10) !== day) return undefined;
  return startMs + DAY_MS;
}

/**
 * Path of a piece of evidence below evaluations: `<hash>/2026-11-21T070000000Z-inspection.json`.
 * @param subject candidate hash; `weekly` for the regular evaluation; `unresolved` where no hash was found out
 * @param finishedAt RFC 3339
 */
export function evidencePath(subject: string, finishedAt: string, what: 'inspection' | 'gate' | 'evaluation'): string {
  return `${subject}/${finishedAt.replaceAll(/[:.]/g, '')}-${what}.json`;
}

/**
 * Path of a file that a piece of evidence names, beside it and of the same time: `<hash>/2026-11-21T070000000Z-pairs.csv.gz`.
 * @param evidence as {@link evidencePath} gives it
 */
export function companionPath(evidence: string, what: 'pairs.csv.gz' | 'inputs.ndjson.gz'): string {
  return evidence.replace(/-[a-z]+\.json$/, `-${what}`);
}

const SUBJECT = /^(?:[0-9a-f]{64}|weekly|unresolved)$/;

/** Whether a folder directly below evaluations is one that {@link evidencePath} writes to; anybody may have made others. */
export function isEvidenceSubject(folder: string): boolean {
  return SUBJECT.test(folder);
}

/** When the day of a piece of evidence ends, epoch milliseconds; undefined for paths that {@link evidencePath} and {@link companionPath} do not give. */
export function evidenceEndMs(path: string): number | undefined {
  const slash = path.indexOf('/');
  if (slash < 0 || !isEvidenceSubject(path.slice(0, slash))) return undefined;
  const day = /^(\d{4}-\d{2}-\d{2})T\d{6}(?:\d{3})?Z(?:-[a-z]+)?\.(?:json|csv\.gz|ndjson\.gz)$/.exec(path.slice(slash + 1))?.[1];
  return day === undefined ? undefined : dayEndMs(day);
}
