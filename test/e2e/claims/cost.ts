import { runBench, type BenchResult } from '../../../hack/bench.d/bench.ts';
import { comparedOf, compareVariants, type Compared } from '../../../hack/bench.d/comparison.ts';
import { FULL, SHORT } from '../../../hack/bench.d/plans.ts';
import { benchTable, within } from '../../../hack/bench.d/table.ts';
import { TITLES } from '../../../hack/bench.d/variant.ts';
import type { ClaimBasics, RunnableClaim } from '../context.ts';
import { output } from '../command.ts';

/** What Shadow may add to p50 and p99 (the goal). */
const MOST_ADDED = 1.1;
/** So far apart may two measurements of the same state be, or the machine cannot tell what Shadow adds. */
const TELLS_APART = 1.1;

/** What a rollout costs callers of the stable version. Needs no cluster: server processes on this machine, by hack/bench. */
export const cost: RunnableClaim = {
  name: 'cost',
  title: 'At 20 % load Shadow 100 % adds at most 10 % to p50 and p99 of stable; p50, p99 and CPU a call without a rollout, in Shadow and in Canary 25 %, side by side in one run.',
  run: async (basics) => {
    const { form, progress, signal } = basics;
    progress('bundling the server');
    await output('hack/node', ['hack/bundle.ts'], { signal });
    const result = await runBench(form === 'full' ? FULL : SHORT, progress, signal);
    const all = compareVariants(result);
    judge(basics, result, all);
    const shadow = comparedOf(all, 'Shadow').ratios;
    const canary = comparedOf(all, 'Canary').ratios;
    return {
      checks: [],
      figure: `Shadow 100 %: p50 x ${within(shadow.p50)}, p99 x ${within(shadow.p99)}, CPU x ${within(shadow.cpu)}; Canary 25 %: p50 x ${within(canary.p50)}, p99 x ${within(canary.p99)}, CPU x ${within(canary.cpu)}; at ${result.ratePerSecond} calls a second`,
      evidence: benchTable(result, all),
    };
  },
};

function judge({ check, form }: ClaimBasics, result: BenchResult, all: readonly Compared[]): void {
  const calls = all.reduce((sum, each) => sum + each.calls + each.failed, 0);
  const failed = all.filter((each) => each.failed > 0);
  check('no call fails', failed.length === 0, failed.length === 0 ? `${calls} calls` : failed.map((each) => `${TITLES[each.variant]}: ${each.failed}, first: ${each.firstFailure}`).join('; '));
  const problems = all.flatMap((each) => each.problems.map((problem) => `${TITLES[each.variant]}, ${problem}`));
  check('each state is what it says', problems.length === 0, problems.length === 0 ? `${result.slices.length} slices, by the counters of /control/traffic` : `${problems.length}: ${problems.slice(0, 3).join('; ')}`);
  const again = comparedOf(all, 'NoRolloutAgain').ratios;
  const shadow = comparedOf(all, 'Shadow').ratios;
  // A thousand calls cannot tell a tenth: in short form times are told, not judged.
  if (form === 'short') return;
  for (const measure of ['p50', 'p99'] as const) {
    check(`${measure}: this machine can tell a tenth`, again[measure].median < TELLS_APART && again[measure].median > 1 / TELLS_APART, `no rollout again: x ${within(again[measure])}`);
    check(`${measure}: Shadow adds at most 10 %`, shadow[measure].median <= MOST_ADDED, `x ${within(shadow[measure])}`);
  }
}
