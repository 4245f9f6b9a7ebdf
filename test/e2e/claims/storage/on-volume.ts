import { PACKAGE_FILES } from '../../../../contracts/names.ts';
import type { ClaimContext } from '../../context.ts';
import { MODELS } from '../../kinds.ts';
import { churnModel, VERSIONS, type ModelManifest } from '../../manifest.ts';
import { conditionOf, isServing, untilServing } from '../../serving.ts';
import { Volume } from '../../volume.ts';
import { packageCopy, type PackageCopy } from '../bad-package/package-copy.ts';

const NAME = 'on-a-volume';
const CLAIM = 'models';
const STARTED_WITHIN_MS = 240_000;
/** The shortest that the schema takes. */
const EVERY_MS = 10_000;
const SMALL = { replicas: 1, resources: { requests: { cpu: '20m', memory: '200Mi' }, limits: { memory: '1Gi' } } } as const;

/** What was seen of a model on a volume. */
export type OnVolume = Readonly<{ tookMs: number; everyMs: number; eventsOfLooks: number }>;

/** Inspected, served, and switched to a newer package that is found while it is still being copied. */
export async function onVolume(context: ClaimContext): Promise<OnVolume> {
  const { kube, check } = context;
  const volume = await Volume.create(context, CLAIM);
  await put(volume, 'v9', await packageCopy(VERSIONS.decent, 'v9'));
  const base = churnModel({ name: NAME });
  const model: ModelManifest = { ...base, spec: { model: { repository: `file:///models/${NAME}`, version: 'latest', pollInterval: `${EVERY_MS / 1000}s` }, storage: { volumeClaim: { claimName: CLAIM } }, serving: SMALL, rollout: { offline: { minAUC: 0.8 } } } };
  await kube.apply(model);
  const first = await untilServing(kube, NAME, { version: 'v9', deadlineMs: STARTED_WITHIN_MS });
  const answers = await fetch(`${await context.serviceUrl(NAME)}/v1/models/${NAME}`, { signal: context.signal });
  await answers.body?.cancel();
  check('on a volume: latest is inspected and serves', answers.ok && first.status?.latest?.version === 'v9', `v9 serves, its endpoint answers ${answers.status}; latest is ${first.status?.latest?.version}`);
  const evidence = (await volume.files()).filter((path) => path.startsWith(`evaluations/${NAME}/${first.status?.stable?.hash ?? ''}/`));
  check('on a volume: the inspection left its report beside the packages', evidence.length === 1, evidence.join(', ') || 'no report');

  const files = await packageCopy(VERSIONS.better, 'v10');
  const eventsOfLooks = context.form === 'full' ? await halfCopied(context, volume, files) : 0;
  await put(volume, 'v10', files);
  const wholeMs = Date.now();
  const second = await untilServing(kube, NAME, { version: 'v10', deadlineMs: STARTED_WITHIN_MS });
  const tookMs = Date.now() - wholeMs;
  check('on a volume: the newer package is found, and serves', second.status?.previous?.version === 'v9', `v10 serves after ${(tookMs / 1000).toFixed(1)} s`);
  if (context.form === 'full') await calmAndBack(context, volume);
  return { tookMs, everyMs: EVERY_MS, eventsOfLooks };
}

/** A copy that is under way is no verdict: it is told once, and stable serves on. */
async function halfCopied({ kube, check, progress }: ClaimContext, volume: Volume, files: PackageCopy): Promise<number> {
  progress('v10 is copied: its card is there, its graph is not whole');
  for (const [file, body] of files) await volume.put(`models/${NAME}/v10/${file}`, file === PACKAGE_FILES.graph ? body.subarray(0, body.length / 2) : body);
  const failing = await kube.until(MODELS, NAME, { what: 'two looks at half a package', deadlineMs: 120_000 }, ({ status }) => (status?.latest?.failures ?? 0) >= 2);
  const told = (await kube.events(NAME)).filter((event) => event.reason === 'DigestMismatch');
  const quiet = failing.status?.phase === 'Stable' && conditionOf(failing, 'Ready')?.status === 'True' && failing.status.candidate === undefined && failing.status.rejected === undefined;
  check('half a package: stable serves on, nothing is rejected, and it is told once', quiet && told.length === 1 && conditionOf(failing, 'Progressing')?.reason === 'DigestMismatch', `${failing.status?.latest?.failures} looks failed, ${told.length} events; ${conditionOf(failing, 'Progressing')?.message}`);

  return told.length;
}

/** Looks without news change nothing but the record; a rejected version is looked at once; going back is pinning. */
async function calmAndBack(context: ClaimContext, volume: Volume): Promise<void> {
  const { kube, check } = context;
  const before = await untilServing(kube, NAME, { version: 'v10', deadlineMs: STARTED_WITHIN_MS });
  // The old version drains meanwhile, which is told as always.
  const told = async (): Promise<number> => (await kube.events(NAME)).filter(({ reason }) => reason !== 'Drained').length;
  const events = await told();
  const checkedAt = before.status?.latest?.checkedAt ?? '';
  let phases = new Set<string>();
  const after = await kube.until(MODELS, NAME, { what: 'three looks without news', deadlineMs: 120_000, everyMs: 200 }, (model) => {
    phases = phases.add(`${model.status?.phase} ${conditionOf(model, 'Progressing')?.status} ${conditionOf(model, 'Progressing')?.reason}`);
    return Date.parse(model.status?.latest?.checkedAt ?? '') - Date.parse(checkedAt) >= 3 * EVERY_MS;
  });
  const more = (await told()) - events;
  check('looks without news: no event, no other phase', more === 0 && phases.size === 1 && isServing(after, 'v10'), `${more} events, seen: ${[...phases].join('; ')}`);

  await put(volume, 'v11', await packageCopy(VERSIONS.shuffled, 'v11'));
  const rejected = await kube.until(MODELS, NAME, { what: 'v11 is rejected', deadlineMs: 120_000 }, ({ status }) => status?.rejected?.[0]?.version === 'v11');
  const at = rejected.status?.rejected?.[0]?.at ?? '';
  const later = await kube.until(MODELS, NAME, { what: 'two more looks', deadlineMs: 120_000 }, ({ status }) => Date.parse(status?.latest?.checkedAt ?? '') - Date.parse(at) >= 2 * EVERY_MS);
  check('a newer package that fails its gate: rejected once, stable serves on', later.status?.rejected?.length === 1 && later.status.rejected[0]?.at === at && later.status.stable?.version === 'v10' && later.status.phase === 'RolledBack', `${later.status?.phase}: ${later.status?.message}`);

  await kube.patch(MODELS, NAME, { spec: { model: { version: 'v9' } } });
  const back = await untilServing(kube, NAME, { version: 'v9', deadlineMs: STARTED_WITHIN_MS });
  check('going back is pinning', back.status?.latest === undefined, 'v9 serves, latest is forgotten');
}

async function put(volume: Volume, version: string, files: PackageCopy): Promise<void> {
  const cardLast = [...files].toSorted(([a], [b]) => Number(a === PACKAGE_FILES.card) - Number(b === PACKAGE_FILES.card));
  for (const [file, body] of cardLast) await volume.put(`models/${NAME}/${version}/${file}`, body);
}
