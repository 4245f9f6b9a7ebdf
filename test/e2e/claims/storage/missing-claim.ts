import type { ClaimContext } from '../../context.ts';
import { MODELS } from '../../kinds.ts';
import { churnModel, VERSIONS, type ModelManifest } from '../../manifest.ts';
import { conditionOf, untilServing } from '../../serving.ts';
import { closeVolume, Volume } from '../../volume.ts';
import { packageCopy } from '../bad-package/package-copy.ts';

const NAME = 'no-claim';
const CLAIM = 'later';

/** A volume claim that is not there is named; once it is there, and the package on it, the model serves without a hand. */
export async function missingClaim(context: ClaimContext): Promise<void> {
  const { kube, check } = context;
  const base = churnModel({ name: NAME });
  const manifest: ModelManifest = { ...base, spec: { model: { repository: `file:///models/${NAME}`, version: 'v1' }, storage: { volumeClaim: { claimName: CLAIM } }, serving: { replicas: 1 } } };
  await kube.apply(manifest);
  const model = await kube.until(MODELS, NAME, { what: 'the missing claim is named', deadlineMs: 120_000 }, (seen) => conditionOf(seen, 'Progressing')?.reason === 'VolumeClaimNotFound');
  check('a claim that is not there is named', conditionOf(model, 'Progressing')?.message.includes(CLAIM) === true, conditionOf(model, 'Progressing')?.message ?? '');
  const volume = await Volume.create(context, CLAIM);
  for (const [file, body] of await packageCopy(VERSIONS.decent, 'v1')) await volume.put(`models/${NAME}/v1/${file}`, body);
  await closeVolume(context, CLAIM);
  await untilServing(kube, NAME, { version: 'v1', deadlineMs: 400_000 });
  check('and once it is, the model serves', true, 'v1 serves');
}
