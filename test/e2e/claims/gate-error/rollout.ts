import { countsOf, estimateAuc, estimatePair } from '../../../../statistics/delong.ts';
import { boundRuleOf, decideGate, type GateFindings, type GateRule } from '../../../../statistics/gate.ts';
import { aucInterval, differenceInterval } from '../../../../statistics/interval.ts';
import { normalQuantile } from '../../../../statistics/normal.ts';
import type { PairedScores } from '../../../../statistics/sample.ts';
import type { RandomStream } from '../../random-stream.ts';
import { GATE, PRESET_LABELS, type Manner, type Scenario } from './scenario.ts';

/** What one manner of looking came to in one rollout; `labels` when it did. */
export type Ending = Readonly<{ verdict: 'Pass' | 'Fail' | 'Inconclusive'; labels: number }>;
export type RolloutEndings = Readonly<Record<Manner, Ending>>;

/** Two normal distributions of variance 1, so far apart that a positive exceeds a negative with this chance. */
export function separation(auc: number): number {
  return Math.SQRT2 * normalQuantile(auc);
}

/** One rollout: labels come, the gate looks, with the functions that the `evaluate` Job calls. */
export function simulateRollout(scenario: Scenario, random: RandomStream): RolloutEndings {
  const pairs = drawPairs(scenario, random);
  const endings = new Endings();
  for (let look = 1; look <= scenario.looks && !endings.complete; look += 1) {
    const rows = look * scenario.labelsPerLook;
    endings.look({ positive: pairs.positive.subarray(0, rows), stable: pairs.stable.subarray(0, rows), candidate: pairs.candidate.subarray(0, rows) }, scenario.stable !== undefined);
  }
  return endings.all;
}

function drawPairs({ auc, prevalence, looks, labelsPerLook, stable }: Scenario, random: RandomStream): PairedScores {
  const rows = looks * labelsPerLook;
  const pairs = { positive: new Uint8Array(rows), stable: new Float64Array(rows), candidate: new Float64Array(rows) };
  const [apart, stableApart, correlation] = [separation(auc), separation(stable?.auc ?? auc), stable?.correlation ?? 1];
  for (let row = 0; row < rows; row += 1) {
    const positive = random.uniform() < prevalence ? 1 : 0;
    const shared = random.normal();
    pairs.positive[row] = positive;
    pairs.candidate[row] = apart * positive + shared;
    if (stable !== undefined) pairs.stable[row] = stableApart * positive + correlation * shared + Math.sqrt(1 - correlation ** 2) * random.normal();
  }
  return pairs;
}

/** Follows all manners of looking through the looks of a rollout. */
export class Endings {
  readonly #endings: Record<Manner, Ending>;

  constructor() {
    const open: Ending = { verdict: 'Inconclusive', labels: 0 };
    this.#endings = { Anytime: open, LowerBoundOnce: open, LowerBoundUntilPass: open, PointOnce: open, PointUntilPass: open };
  }

  get all(): RolloutEndings {
    return this.#endings;
  }

  /** No later look can change anything. */
  get complete(): boolean {
    return Object.values(this.#endings).every(({ labels }) => labels > 0);
  }

  /** One look at all labels so far. */
  look(pairs: PairedScores, hasStable: boolean): void {
    const { positive: { length: rows } } = pairs;
    const verdict = verdictsOf(pairs, hasStable);
    if (verdict === undefined) return;
    if (this.#isOpen('Anytime') && verdict.Anytime !== 'Inconclusive') this.#end('Anytime', verdict.Anytime, rows);
    if (this.#isOpen('LowerBoundUntilPass') && verdict.LowerBound === 'Pass') this.#end('LowerBoundUntilPass', 'Pass', rows);
    if (this.#isOpen('PointUntilPass') && verdict.Point === 'Pass') this.#end('PointUntilPass', 'Pass', rows);
    if (rows >= PRESET_LABELS && this.#isOpen('LowerBoundOnce')) {
      this.#end('LowerBoundOnce', verdict.LowerBound, rows);
      this.#end('PointOnce', verdict.Point, rows);
    }
  }

  #isOpen(manner: Manner): boolean {
    return this.#endings[manner].labels === 0;
  }

  #end(manner: Manner, verdict: Ending['verdict'], labels: number): void {
    this.#endings[manner] = { verdict, labels };
  }
}

/** The gate's verdict on these pairs in each mode; undefined while there are too few labels for any. */
function verdictsOf(pairs: PairedScores, hasStable: boolean): Readonly<Record<GateRule['mode'], Ending['verdict']>> | undefined {
  const counts = countsOf(pairs);
  if (counts.positives < GATE.minPositives || counts.negatives < GATE.minNegatives) return undefined;
  const pair = hasStable ? estimatePair(pairs) : undefined;
  const alone = hasStable ? undefined : estimateAuc({ positive: pairs.positive, scores: pairs.candidate });
  const estimate = pair?.state === 'Estimated' ? pair.candidate : alone?.state === 'Estimated' ? alone : undefined;
  if (estimate === undefined) return undefined;
  const decide = (mode: GateRule['mode']): Ending['verdict'] => {
    const rule: GateRule = { ...GATE, mode };
    const bounds = boundRuleOf(rule);
    const findings: GateFindings = {
      counts,
      candidate: { variance: estimate.variance, ...aucInterval(estimate, counts, bounds) },
      difference: pair?.state === 'Estimated' ? { ...pair.difference, ...differenceInterval(pair.difference, counts, bounds) } : undefined,
    };
    return decideGate(findings, rule).verdict;
  };
  return { Anytime: decide('Anytime'), LowerBound: decide('LowerBound'), Point: decide('Point') };
}
