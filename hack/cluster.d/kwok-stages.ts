/** Prints what kwok makes of pods on fake nodes (kwok Stages), with the reports of this checkout's packages. `hack/cluster kwok` runs it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { candidateHash, packageDigest } from '../../contracts/digest.ts';
import { ModelCard } from '../../contracts/model-card.ts';
import type { InspectionReport } from '../../contracts/reports.ts';
import { podStages } from './kwok/pod-stages.ts';

const MODELS = join(import.meta.dirname, '..', '..', 'models');

/** What `inspect` reports of a committed package that passes; without the two fields that the moment gives. */
async function reportOf(folder: string): Promise<Omit<InspectionReport, 'finishedAt' | 'report'>> {
  const json: unknown = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  const card = ModelCard.parse(json);
  const digest = packageDigest(json);
  const entityColumn = card.entity?.column ?? null;
  const { value, lower, upper } = card.test.auc;
  return {
    schemaVersion: 1,
    kind: 'InspectionReport',
    verdict: 'Pass',
    reason: 'Inspected',
    message: `Version ${card.version} may be deployed: its test AUC is ${value.toFixed(3)}. (A fake node says so.)`,
    version: card.version,
    packageDigest: digest,
    candidateHash: candidateHash(digest, entityColumn),
    entityColumn,
    threshold: card.threshold.value,
    testAUC: { value, lower, upper },
  };
}

const reports: Record<string, Awaited<ReturnType<typeof reportOf>>> = {};
for (const model of await readdir(MODELS)) {
  const versions = await readdir(join(MODELS, model, 'packages')).catch(() => []);
  for (const version of versions.toSorted((a, b) => a.localeCompare(b))) {
    const report = await reportOf(join(MODELS, model, 'packages', version));
    reports[`${model}/${version}`] = report;
    // The last one by name stays.
    reports[`${model}/latest`] = report;
  }
}
for (const stage of podStages(reports)) console.log(`---\n${dump(stage, { lineWidth: -1 })}`);
