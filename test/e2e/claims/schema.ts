import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { Check, ClaimOutcome } from '../claim.ts';
import { command, ROOT } from '../command.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { CHURN_MODELS } from '../kinds.ts';
import { ModelManifestFile } from '../manifest.ts';
import { untilServing } from '../serving.ts';
import { changed, invalidManifests, type InvalidManifest } from '../../integration/contracts/invalid-manifests.ts';
import { fieldAt, isRefusedAlike, refusalsOf } from '../../integration/contracts/refusals.ts';
import { tenLines, validManifests, type ValidManifest } from '../../integration/contracts/valid-manifests.ts';

/** How many rows go through kubectl itself in the short form; all do in full. */
const SHORT_KUBECTL_ROWS = 3;

/** Invalid manifests are refused by the API server, in words; valid ones are accepted, and the ten-line one works. */
export const schema: PlatformClaim = {
  name: 'schema',
  title: 'The API server refuses invalid manifests itself, naming the field and what to do; the ten-line manifest works.',
  needs: 'shared',
  run: async (context) => {
    const rows = [...invalidManifests.entries()];
    const refusals: Check[] = [];
    for (const [index, row] of rows) refusals.push(await refused(context, row, context.form === 'full' || index < SHORT_KUBECTL_ROWS));
    const acceptances: Check[] = [];
    for (const valid of await accepted()) acceptances.push(await takes(context, valid));
    const works = await tenLinesWork(context);
    return outcome(refusals, acceptances, works);
  },
};

async function refused(context: ClaimContext, row: InvalidManifest, throughKubectl: boolean): Promise<Check> {
  const { kube } = context;
  const manifest = changed(row);
  const created = await kube.tryCreate(CHURN_MODELS, manifest);
  const applied = await kube.tryApply(CHURN_MODELS, manifest);
  const refusals = refusalsOf(created);
  const failures = [
    refusals.length === 1 && refusals[0] === row.refusal ? '' : `create: ${created.status} ${created.message}`,
    isRefusedAlike(created, applied) ? '' : `server-side apply: ${applied.status} ${applied.message}`,
    throughKubectl ? await kubectlRefuses(context, row) : '',
  ].filter((text) => text !== '');
  return context.check(`refused: ${row.name}`, failures.length === 0, failures.join('; ') || row.refusal);
}

/** What is wrong with how kubectl refuses; empty when nothing is. */
async function kubectlRefuses({ namespace, signal }: ClaimContext, row: InvalidManifest): Promise<string> {
  const stdin = JSON.stringify(changed(row));
  const { exitCode, stderr } = await command('hack/cluster', ['kubectl', '--namespace', namespace, 'apply', '--filename', '-'], { signal, stdin });
  const [field = '', ...sentence] = row.refusal.split(': ');
  const says = stderr.includes(field) && stderr.includes(sentence.at(-1) ?? '');
  return exitCode !== 0 && says ? '' : `kubectl apply: exit ${exitCode}, ${stderr.trim()}`;
}

async function accepted(): Promise<readonly ValidManifest[]> {
  const shipped = ModelManifestFile.parse(load(await readFile(join(ROOT, 'models/telco-churn/churnmodel.yaml'), 'utf8')));
  // The claim's namespace, not the one that the file names.
  const { namespace: _, ...metadata } = shipped.metadata;
  return [...validManifests, { name: 'models/telco-churn/churnmodel.yaml', manifest: { ...shipped, metadata }, defaults: [{ path: 'spec.rollout.rollbackWindow', value: '24h' }] }];
}

async function takes({ kube, check }: ClaimContext, { name, manifest, defaults }: ValidManifest): Promise<Check> {
  const answers = [await kube.tryCreate(CHURN_MODELS, manifest), await kube.tryApply(CHURN_MODELS, manifest)];
  const refusal = answers.find(({ status }) => status >= 300);
  const missing = defaults.filter(({ path, value }) => answers.some(({ body }) => JSON.stringify(fieldAt(body, path)) !== JSON.stringify(value)));
  const detail = refusal?.message ?? (missing.length > 0 ? `not as it should be: ${missing.map(({ path }) => path).join(', ')}` : `with ${defaults.length} defaults filled in`);
  return check(`accepted: ${name}`, refusal === undefined && missing.length === 0, detail);
}

async function tenLinesWork({ kube, check, serviceUrl, signal, progress }: ClaimContext): Promise<Check> {
  progress('applying the ten-line manifest for real');
  await kube.apply(tenLines);
  const { name } = tenLines.metadata;
  const model = await untilServing(kube, name, { deadlineMs: 180_000 });
  const answer = await fetch(`${await serviceUrl(name)}/v1/models/${name}`, { signal });
  await answer.body?.cancel();
  return check('works: the ten-line manifest', answer.ok, `Ready, serves ${model.status?.stable?.version ?? 'nothing'}, its model endpoint answers ${answer.status}`);
}

function count(checks: readonly Check[]): string {
  return `${checks.filter(({ passed }) => passed).length} of ${checks.length}`;
}

function outcome(refusals: readonly Check[], acceptances: readonly Check[], works: Check): ClaimOutcome {
  return {
    checks: [...refusals, ...acceptances, works],
    figure: `${count(refusals)} invalid manifests refused by the API server, each with the field and what to do; ${count(acceptances)} valid ones accepted; the ten-line one ${works.passed ? 'serves' : 'does not serve'}`,
    evidence: 'Each invalid manifest is the ten-line one with one change, tried as `kubectl create` (POST), as server-side apply and as `kubectl apply`.',
  };
}
