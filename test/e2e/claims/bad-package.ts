import { inParallel } from '../../../platform/parallel/in-parallel.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { twoVersionSamples } from '../load/samples.ts';
import { BAD_CASES, SHORT_CASES, type BadCase } from './bad-package/cases.ts';
import { runCase, type CaseResult } from './bad-package/run-case.ts';
import { STORE_AWAY, storeOutage } from './bad-package/store-outage.ts';
import { Subject } from './bad-package/subject.ts';

/** Models at the same time; each has an inspection and up to two pods. */
const AT_ONCE = 4;
const SAMPLES = 50;

/** A bad package never reaches a caller, says what is wrong, and needs no hand once that is put right. */
export const badPackage: PlatformClaim = {
  name: 'bad-package',
  title: 'A bad package or store is named in status and event with the next try; stable serves on; once the cause is gone it recovers without a hand.',
  needs: 'shared',
  run: async (context) => {
    const samples = await twoVersionSamples(SAMPLES, context.signal);
    // The longest waits (the kubelet's back-off) begin first.
    const cases = context.form === 'full' ? BAD_CASES : SHORT_CASES;
    const longestFirst = cases.toSorted((a, b) => Number(b.foundBy === 'Pods') - Number(a.foundBy === 'Pods'));
    // Its model comes up beside the last ones; the store goes away when all are through.
    let served: Subject | undefined;
    const serve = async (): Promise<undefined> => {
      served = await survive(context, { name: STORE_AWAY }, async () => Subject.start(context, STORE_AWAY, samples));
    };
    const tasks = [...longestFirst.map((bad) => async () => survive(context, bad, async () => runCase(context, bad, samples))), serve];
    const ended = await inParallel(tasks, AT_ONCE, async (task) => task());
    const subject = served;
    const away = subject === undefined ? undefined : await survive(context, { name: STORE_AWAY }, async () => storeOutage(context, subject));
    const results = [...ended, away].filter((result) => result !== undefined);

    const recovered = results.filter((each) => each.recovered);
    const slowestMs = Math.max(0, ...recovered.map((each) => each.recoveryMs));
    const sum = (of: (each: CaseResult) => number): number => results.reduce((total, each) => total + of(each), 0);
    return {
      checks: [],
      figure: `${cases.length + 1} cases, ${recovered.length} recovered (the slowest ${(slowestMs / 1000).toFixed(0)} s after its cause was gone), ${sum((each) => each.failed)} of ${sum((each) => each.calls)} calls of stable failed, the longest took ${Math.max(...results.map((each) => each.longestMs)).toFixed(0)} ms`,
      evidence: [
        '| case | cause named | recovered after, s | calls | failed | longest call, ms | status |',
        '| --- | --- | --- | --- | --- | --- | --- |',
        ...results.map((each) => `| ${each.name} | ${each.cause} | ${each.recovered ? (each.recoveryMs / 1000).toFixed(1) : 'not'} | ${each.calls} | ${each.failed} | ${each.longestMs.toFixed(0)} | ${each.condition.replaceAll('|', '\\|')} |`),
      ].join('\n'),
    };
  },
};

/** One case that breaks off is a failed check; the others go on. */
async function survive<Result>(context: ClaimContext, bad: Pick<BadCase, 'name'>, run: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await run();
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.check(`${bad.name}: comes to its end`, false, error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
