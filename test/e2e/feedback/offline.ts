import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { EvaluationEvidence } from '../../../contracts/evaluation-evidence.ts';
import type { EvaluationRequest } from '../../../contracts/evaluation-request.ts';
import { PACKAGE_FILES } from '../../../contracts/names.ts';
import { output, ROOT } from '../command.ts';
import { TELCO_PACKAGES } from '../load/customers.ts';
import type { ExpectedPair } from './expected-pairs.ts';

/** Numbers of a look may be so far from those of numpy, scipy and scikit-learn. */
export const LIMIT = 1e-9;

const Measured = z.object({ value: z.number(), variance: z.number(), lower: z.number(), upper: z.number() });

/** What offline.py says. */
export const Offline = z.object({ rows: z.int(), positives: z.int(), negatives: z.int(), trainedOn: z.int(), customers: z.array(z.string()), stable: Measured, candidate: Measured, difference: Measured, verdict: z.enum(['Pass', 'Fail', 'Inconclusive']) });
export type Offline = z.infer<typeof Offline>;

/** What the gate must find of these pairs, by numpy, scipy and scikit-learn. */
export async function offline(pairs: readonly ExpectedPair[], gate: EvaluationRequest['gate'], versions: readonly string[], signal: AbortSignal): Promise<Offline> {
  const folder = await mkdtemp(join(tmpdir(), 'churnops-offline-'));
  try {
    const lines = pairs.map(({ customer, positive, stable, candidate }) => `${customer},${positive ? 1 : 0},${stable},${candidate}`);
    await writeFile(join(folder, 'pairs.csv'), ['customer,positive,stable,candidate', ...lines, ''].join('\n'));
    await writeFile(join(folder, 'gate.json'), JSON.stringify(gate));
    const python = await output('hack/venv', [], { signal });
    // `command` takes absolute programs as relative to its folder.
    const args = [python, join(ROOT, 'test/e2e/feedback/offline.py'), folder, ...versions.map((version) => join(TELCO_PACKAGES, version, PACKAGE_FILES.card))];
    return Offline.parse(JSON.parse(await output('env', args, { signal, env: { PYTHONPATH: join(ROOT, 'models/trainer') } })));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A measure on both sides, and how far apart. */
export type Deviation = Readonly<{ measure: string; ours: number; theirs: number; error: number }>;

/** Every number of a report beside the offline one's, relative to it where that is over 1; what one of them lacks is infinitely far off. */
export function deviations(report: EvaluationEvidence['report'], theirs: Offline): readonly Deviation[] {
  const sides = { candidate: report.candidate?.auc ?? undefined, stable: report.stable?.auc ?? undefined, difference: report.difference };
  return (['candidate', 'stable', 'difference'] as const).flatMap((side) =>
    (['value', 'variance', 'lower', 'upper'] as const).map((measure) => {
      const [ours, expected] = [sides[side]?.[measure] ?? Number.NaN, theirs[side][measure]];
      const error = Math.abs(ours - expected) / Math.max(1, Math.abs(expected));
      return { measure: `${side}.${measure}`, ours, theirs: expected, error: Number.isNaN(error) ? Number.POSITIVE_INFINITY : error };
    }),
  );
}
