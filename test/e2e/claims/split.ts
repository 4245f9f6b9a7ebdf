import { gatedModel, startBesides } from '../beside-stable.ts';
import { output } from '../command.ts';
import type { PlatformClaim } from '../context.ts';
import { cardOf, referenceProbabilities, telcoCustomers } from '../load/customers.ts';
import { twoVersionSamples } from '../load/samples.ts';
import { VERSIONS } from '../manifest.ts';
import { harmCandidate } from './split/harmed-candidate.ts';
import { misbehaving, type Harmed } from './split/misbehaving.ts';
import { judgeStep, seeStep, type StepSeen } from './split/spread.ts';

const MODEL = 'split';
const SAMPLES = 400;
const PACES = { full: { weights: [5, 25, 50, 100], customers: Number.POSITIVE_INFINITY, harmedAt: 50 }, short: { weights: [5, 50], customers: 1500, harmedAt: 50 } } as const;

/** Who answers whom in a canary, and that a bad candidate harms nobody. */
export const split: PlatformClaim = {
  name: 'split',
  title: 'In a canary each customer has a side, by its hash: the share is the weight, sides are kept and grow from step to step; a candidate that dies, hangs, refuses, answers garbage or is slow fails no caller, and callers wait for it 100 ms at most.',
  needs: 'shared',
  run: async (context) => {
    const { form, signal, progress } = context;
    const { weights, customers: count, harmedAt } = PACES[form];
    await output('hack/node', ['hack/bundle.ts'], { signal });
    const samples = await twoVersionSamples(SAMPLES, signal);
    // In full nothing runs beside what is measured.
    const alone = form === 'full' ? await misbehaving(context, samples) : undefined;
    const started = startBesides(context, gatedModel(context, { name: MODEL, replicas: 2 }));
    const [sides, behaved] = await Promise.all([started, alone ?? misbehaving(context, samples)]);
    const references = { stable: await referenceProbabilities(VERSIONS.decent, signal), candidate: await referenceProbabilities(VERSIONS.better, signal) };
    const customers = (await telcoCustomers(await cardOf(VERSIONS.decent))).slice(0, count);
    const url = `${await context.serviceUrl(MODEL)}/v1/models/${MODEL}:predict`;
    const steps: StepSeen[] = [];
    const harms: Harmed[] = [behaved];
    for (const [index, weight] of weights.entries()) {
      progress(`${customers.length} customers at ${weight} %`);
      const seen = await seeStep(context, sides, { weight, step: index + 1, customers, references, url });
      judgeStep(context, seen, steps.at(-1));
      steps.push(seen);
      if (weight === harmedAt) harms.unshift(await harmCandidate(context, sides, { url, samples }));
    }
    return {
      checks: [],
      figure: `${steps.map(({ weight, onCandidateSide }) => `${weight} %: ${((100 * onCandidateSide.size) / customers.length).toFixed(2)} %`).join(', ')} of ${customers.length} customers; ${sum(steps.map(({ problems }) => problems.length))} rows on a wrong side; beside a bad candidate ${sum(harms.map(({ failed }) => failed))} of ${sum(harms.map(({ calls }) => calls))} calls failed`,
      evidence: [
        '| weight | customers on the candidate\'s side | share | as far off by chance | on another side the second time | fallbacks |',
        '| --- | --- | --- | --- | --- | --- |',
        ...steps.map(({ weight, onCandidateSide, chance, movedRows, fallbacks }) => `| ${weight} % | ${onCandidateSide.size} of ${customers.length} | ${((100 * onCandidateSide.size) / customers.length).toFixed(2)} % | ${chance.toFixed(3)} | ${movedRows} | ${fallbacks} |`),
        ...harms.flatMap(({ evidence }) => ['', evidence]),
      ].join('\n'),
    };
  },
};

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
