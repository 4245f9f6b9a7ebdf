import type { Check, Form } from '../claim.ts';
import type { ClaimBasics, RunnableClaim } from '../context.ts';
import { percent, rateInWords, rateOf, twoErrors } from './gate-error/rates.ts';
import { RolloutPool, type Simulated } from './gate-error/rollout-pool.ts';
import { aucScenario, GATE, PRESET_LABELS, REGRESSION, repeatedScenario, type Manner } from './gate-error/scenario.ts';

const SEED = 20_261_121;
const PREVALENCES = [0.265, 0.113] as const;
const ALPHA = 1 - GATE.confidence;
/** Wrong passes at minAUC - 0.02. */
const BELOW_LIMIT = 0.005;
/** Power that nobody should fall below at +0.04; at +0.02 it is told. */
const POWER = 0.9;
/** A gate that looks at a 95 % bound until it passes must be seen to be wrong, or the simulation sees nothing. */
const BROKEN_AT_LEAST = 0.15;

type Sizes = Readonly<{ line: number; below: number; above: number; regression: number; repeated: number; scores: number }>;
const SIZES: Readonly<Record<Form, Sizes>> = {
  full: { line: 2000, below: 1500, above: 400, regression: 1500, repeated: 1500, scores: 200 },
  short: { line: 40, below: 20, above: 15, regression: 12, repeated: 15, scores: 10 },
};

const COLUMNS: readonly (readonly [Manner, string])[] = [
  ['PointOnce', `Point, once at ${PRESET_LABELS}`],
  ['PointUntilPass', 'Point, until it passes'],
  ['LowerBoundOnce', `LowerBound, once at ${PRESET_LABELS}`],
  ['LowerBoundUntilPass', 'LowerBound, until it passes'],
  ['Anytime', 'Anytime'],
];

/** How often the gate lets pass what it must not, by simulation with the functions that the evaluate Job calls. */
export const gateError: RunnableClaim = {
  name: 'gate-error',
  title: 'A gate in mode Anytime, looked at a hundred times, passes a model on the line in at most 5 % of rollouts, also where customers come back.',
  needs: 'processor',
  run: async (basics) => {
    const pool = new RolloutPool(SEED);
    try {
      return await simulate(basics, pool);
    } finally {
      await pool.close();
    }
  },
};

async function simulate(basics: ClaimBasics, pool: RolloutPool) {
  const { form, signal, progress, check } = basics;
  const sizes = SIZES[form];
  const run = async (...[scenario, rollouts, scoresBelow]: [Simulated['scenario'], number, number?]): Promise<Simulated> => {
    progress(`${scenario.name}: ${rollouts} rollouts of ${scenario.looks} looks`);
    return pool.simulate(scenario, rollouts, { signal, scoresBelow: scoresBelow ?? 0 });
  };
  const lines: Simulated[] = [];
  const others: Simulated[] = [];
  const repeated: Simulated[] = [];
  const checks: Check[] = [];
  for (const prevalence of PREVALENCES) {
    const below = await run(aucScenario(-0.02, prevalence), sizes.below);
    const line = await run(aucScenario(0, prevalence), sizes.line);
    const near = await run(aucScenario(0.02, prevalence), sizes.above);
    const far = await run(aucScenario(0.04, prevalence), sizes.above);
    lines.push(line);
    others.push(below, line, near, far);
    checks.push(passesAtMost(basics, line, 'Anytime', ALPHA), passesBelow(basics, below), power(basics, near, far), looksBroken(basics, line));
  }
  const regression = await run(REGRESSION, sizes.regression);
  checks.push(passesAtMost(basics, regression, 'Anytime', ALPHA));
  for (const scenario of [...PREVALENCES.map((prevalence) => repeatedScenario(prevalence, 0.9)), repeatedScenario(PREVALENCES[0], 0)]) {
    const result = await run(scenario, sizes.repeated, sizes.scores);
    repeated.push(result);
    checks.push(passesAtMost(basics, result, 'CustomersWhenDue', ALPHA));
  }
  const scores = rateOf(repeated[0]?.endings ?? {}, 'Scores', 'Pass');
  checks.push(check('counting scores instead of customers would be seen', scores.share > ALPHA + twoErrors(ALPHA, scores.rollouts), `${percent(scores.share)} of ${scores.rollouts} rollouts pass on the line`));
  return { checks, figure: figure(lines, regression, repeated), evidence: evidence([...others, regression], repeated) };
}

/** Two Monte Carlo errors above, no more. */
function passesAtMost({ check }: ClaimBasics, { scenario, endings }: Simulated, manner: string, limit: number): Check {
  const rate = rateOf(endings, manner, 'Pass');
  const most = limit + twoErrors(limit, rate.rollouts);
  return check(`${scenario.name}: wrong passes at most ${percent(limit)} and two Monte Carlo errors`, rate.share <= most, `${rate.count} of ${rate.rollouts}: ${percent(rate.share)}, at most ${percent(most)}`);
}

function passesBelow({ check }: ClaimBasics, { scenario, endings }: Simulated): Check {
  const rate = rateOf(endings, 'Anytime', 'Pass');
  return check(`${scenario.name}: wrong passes at most ${percent(BELOW_LIMIT)}`, rate.share <= BELOW_LIMIT, `${rate.count} of ${rate.rollouts}: ${percent(rate.share)}`);
}

function power({ check }: ClaimBasics, near: Simulated, far: Simulated): Check {
  const [low, high] = [rateOf(near.endings, 'Anytime', 'Pass'), rateOf(far.endings, 'Anytime', 'Pass')];
  const least = POWER - twoErrors(POWER, high.rollouts);
  return check(`${far.scenario.name}: passes in at least ${percent(POWER)}, less two Monte Carlo errors`, high.share >= least && high.share > low.share, `${rateInWords(high)} of ${high.rollouts}, median labels in brackets; ${rateInWords(low)} where the AUC is 0.02 less`);
}

function looksBroken({ check }: ClaimBasics, { scenario, endings }: Simulated): Check {
  const rate = rateOf(endings, 'LowerBoundUntilPass', 'Pass');
  return check(`${scenario.name}: a 95 % bound looked at until it passes is seen to be wrong`, rate.share >= BROKEN_AT_LEAST, `${percent(rate.share)} pass`);
}

function figure(lines: readonly Simulated[], regression: Simulated, repeated: readonly Simulated[]): string {
  const on = lines.map(({ endings }) => percent(rateOf(endings, 'Anytime', 'Pass').share)).join(' / ');
  const again = repeated.map(({ endings }) => percent(rateOf(endings, 'CustomersWhenDue', 'Pass').share)).join(' / ');
  return `wrong passes of Anytime over ${lines[0]?.scenario.looks ?? 0} looks, prevalence 26.5 / 11.3 %: ${on} on the line, ${percent(rateOf(regression.endings, 'Anytime', 'Pass').share)} on the line of regression, ${again} with customers scored fifty times (the last: anew each time)`;
}

function evidence(simulated: readonly Simulated[], repeated: readonly Simulated[]): string {
  const rows = simulated.map(({ scenario, rollouts, endings }) => `| ${scenario.name} | ${rollouts} | ${COLUMNS.map(([manner]) => rateInWords(rateOf(endings, manner, 'Pass'))).join(' | ')} | ${percent(rateOf(endings, 'Anytime', 'Fail').share)} |`);
  const again = repeated.map(({ scenario, rollouts, endings }) => {
    const scores = rateOf(endings, 'Scores', 'Pass');
    return `| ${scenario.name} | ${rollouts} | ${percent(rateOf(endings, 'CustomersWhenDue', 'Pass').share)} | ${percent(rateOf(endings, 'CustomersAtEveryLook', 'Pass').share)} | ${percent(scores.share)} of ${scores.rollouts} |`;
  });
  return [
    `Scores of positives and of negatives are normal, variance 1; 50 new labels a look, 100 looks; seed ${SEED}. Gate: minAUC ${GATE.minAUC}, confidence ${GATE.confidence}, maxRegression ${GATE.maxRegression}, from ${GATE.minPositives} positives and ${GATE.minNegatives} negatives on.`,
    'Share of rollouts that pass, and the median of labels when they did. "Until it passes": a person who looks again and again; nothing of ours does.',
    '',
    `| truth | rollouts | ${COLUMNS.map(([, title]) => title).join(' | ')} | Anytime fails |`,
    `| --- | --- | ${COLUMNS.map(() => '---').join(' | ')} | --- |`,
    ...rows,
    '',
    'A thousand customers, each scored fifty times, 500 scores a look; so much of the variance of a score stays with the customer. Wrong passes of Anytime:',
    '',
    '| truth | rollouts | customers, when 2 % more (ours) | customers, at every look | scores, at every tenth look |',
    '| --- | --- | --- | --- | --- |',
    ...again,
  ].join('\n');
}
