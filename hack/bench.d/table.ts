import type { BenchResult } from './bench.ts';
import type { Compared } from './comparison.ts';
import type { Spread } from './figures.ts';
import type { Preference } from './program.ts';
import { TITLES } from './variant.ts';

/** How callers and candidate share a core. */
const SHARED = { Always: 'callers always first', Mostly: 'callers mostly first', Not: 'alike' } as const satisfies Record<Preference, string>;

/** The one table, and how it was made: Markdown. */
export function benchTable(result: BenchResult, all: readonly Compared[]): string {
  const { plan, saturatedPerSecond, ratePerSecond, pinned, preferred, seed } = result;
  return [
    `${plan.rounds} rounds of ${plan.sliceMs / 1000} s a line, side by side, the order turned from round to round; ${ratePerSecond} calls a second of one row, at which stable without a rollout is busy ${plan.loadPercent} % of the time (it answers ${Math.round(saturatedPerSecond)} a second where callers call again at once). Medians over rounds, smallest and largest in parentheses; ratios are taken within a round, with the 95 % interval of their median.`,
    '',
    '| | calls | failed | p50, ms | p99, ms | CPU of stable a call, µs | p50, ratio | p99, ratio | CPU, ratio |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...all.map(({ variant, calls, failed, measures, ratios }) => `| ${TITLES[variant]} | ${calls} | ${failed} | ${inRange(measures.p50, 3)} | ${inRange(measures.p99, 2)} | ${inRange(measures.cpu, 0)} | ${within(ratios.p50)} | ${within(ratios.p99)} | ${within(ratios.cpu)} |`),
    '',
    '| | stable uses of its core | stable waited for its core, µs a call | rows answered in the candidate\'s place | copies dropped | errors of the candidate |',
    '| --- | --- | --- | --- | --- | --- |',
    ...all.map(({ variant, coreShare, waitedUsPerCall, fallbacks, dropped, errors }) => `| ${TITLES[variant]} | ${(coreShare * 100).toFixed(0)} % | ${waitedUsPerCall.toFixed(0)} | ${fallbacks} | ${dropped} | ${errors} |`),
    '',
    `Real server processes of the bundle that images hold, with the image's Node.js options, the Telco packages, 7,043 different customers, the journal on a folder; stable is one process in all its states. ${
      pinned ? `Stable has a core for itself; callers and candidate share the other, ${SHARED[preferred]}.` : 'Processes are not held to cores: too few of them, or no taskset.'
    } Calls are due at random instants (seed ${seed}), sent whatever became of those before, and timed from sending to the whole answer; they were sent ${latest(result)} ms late (99th percentile, worst slice).`,
  ].join('\n');
}

function inRange({ median, smallest, largest }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${smallest.toFixed(digits)}–${largest.toFixed(digits)})`;
}

/** A median with its interval, or with nothing where there are too few rounds for one. */
export function within({ median, interval: { lower, upper } }: Spread): string {
  return Number.isFinite(lower) ? `${median.toFixed(2)} (${lower.toFixed(2)}–${upper.toFixed(2)})` : median.toFixed(2);
}

function latest({ slices }: BenchResult): string {
  return Math.max(...slices.map(({ report }) => report.lateP99Ms)).toFixed(1);
}
