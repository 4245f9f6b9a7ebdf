import { inParallel } from '../../../platform/parallel/in-parallel.ts';
import { output } from '../command.ts';
import type { ClaimOutcome } from '../claim.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { fakeNodes } from '../fake-nodes.ts';
import { varyingPaths, type EndState } from './crash/end-state.ts';
import type { Fault } from './crash/fault.ts';
import { everyFault, neverStruck, sampleOfFaults } from './crash/plan.ts';
import { keepPodsReady } from './crash/ready-pods.ts';
import { deviations, runOnce, type Run } from './crash/run.ts';
import { STEPS, type Step } from './crash/workload.ts';

/** Runs at the same time; each has an operator, a proxy and a model of its own. */
const AT_ONCE = { full: 4, short: 6 } as const;
/** Undisturbed runs: what differs between them is left out of the comparison. */
const REFERENCES = { full: 4, short: 2 } as const;

/** Killed after every write, and shown every kind of trouble: the end is the same. */
export const crash: PlatformClaim = {
  name: 'crash',
  title: 'An operator that is killed right before or right after any of its writes, is refused, answered late or not at all, or sees an old, torn or doubled picture, ends where an undisturbed one ends, with no object created or deleted twice.',
  run: async (context) => {
    const ending = new AbortController();
    const mending = keepPodsReady(context.kube, AbortSignal.any([ending.signal, context.signal]));
    try {
      return await runAll(context);
    } finally {
      ending.abort();
      await mending;
    }
  },
};

async function runAll(context: ClaimContext): Promise<ClaimOutcome> {
  const { form, progress } = context;
  await fakeNodes(context.signal);
  await output('hack/node', ['hack/bundle.ts'], { signal: context.signal });
  progress(`${REFERENCES[form]} undisturbed runs`);
  let id = 0;
  const run = async (fault: Fault | undefined): Promise<Run> => runOnce(context, { id: String((id += 1)).padStart(4, '0'), fault });
  const references = await Promise.all(Array.from({ length: REFERENCES[form] }, async () => run(undefined)));
  const [reference] = references;
  if (reference === undefined) throw new Error('no reference');
  const broken = references.find(({ problem }) => problem !== undefined);
  if (broken !== undefined) throw new Error(`an undisturbed run failed: ${broken.problem}`);
  const varying = new Map(STEPS.map((step) => [step, varyingPaths(references.map(({ states }) => states.get(step) ?? new Map<string, string>()))]));
  const shortest = Math.min(...references.map((each) => each.writes));
  const faults = form === 'full' ? everyFault(Math.max(...references.map((each) => each.writes))) : sampleOfFaults(shortest);
  progress(`${faults.length} faults in ${shortest} writes or more, ${AT_ONCE[form]} at a time`);
  const runs = await inLanes(faults, AT_ONCE[form], run, progress);
  const missed = form === 'full' ? neverStruck(runs, shortest) : [];
  if (missed.length > 0) progress(`${missed.length} faults did not strike; once more`);
  return outcome(context, reference, varying, shortest, [...runs, ...(await inLanes(missed, AT_ONCE[form], run, progress))]);
}

async function inLanes(faults: readonly Fault[], width: number, run: (fault: Fault) => Promise<Run>, progress: (text: string) => void): Promise<readonly Run[]> {
  let ended = 0;
  return inParallel(faults, width, async (fault) => {
    const one = await run(fault);
    ended += 1;
    if (ended % 20 === 0 || one.problem !== undefined) progress(`${ended} of ${faults.length} runs${one.problem === undefined ? '' : `; ${one.done ?? fault.kind}: ${one.problem.slice(0, 300)}`}`);
    return one;
  });
}

function outcome({ check, form }: ClaimContext, reference: Run, varying: ReadonlyMap<Step, ReadonlySet<string>>, shortest: number, runs: readonly Run[]): ClaimOutcome {
  const compared = STEPS.map((step) => (reference.states.get(step) ?? new Map<string, string>() satisfies EndState).size - (varying.get(step)?.size ?? 0));
  check('the comparison has something to compare', compared.slice(0, 3).every((paths) => paths > 100), `${compared.slice(0, 3).join(', ')} values after ${STEPS.slice(0, 3).join(', ')}; nothing is left after delete`);
  const kinds = [...new Set(runs.map(({ fault }) => fault?.kind ?? 'Conflict'))];
  const rows: string[] = [];
  for (const kind of kinds) {
    const ofKind = runs.filter(({ fault }) => fault?.kind === kind);
    const struck = ofKind.filter(({ done }) => done !== undefined);
    const wrong = ofKind.flatMap((run) => deviations(run, reference, varying).slice(0, 3).map((what) => `${run.done ?? 'nothing done'}: ${what}`));
    const slowestMs = Math.max(...ofKind.map(({ tookMs }) => tookMs));
    check(`${kind}: every run ends as the undisturbed one`, wrong.length === 0 && struck.length > 0, wrong.length === 0 ? `${struck.length} of ${ofKind.length} faults struck` : wrong.slice(0, 3).join('; '));
    // A sample's run may be a write shorter than both references.
    if (form === 'full') {
      const missed = neverStruck(ofKind, shortest).map(({ at }) => at);
      check(`${kind}: every write was struck`, missed.length === 0, missed.length === 0 ? `writes 1 to ${shortest}` : `of writes 1 to ${shortest}, tried twice, never: ${missed.join(', ')}`);
    }
    rows.push(`| ${kind} | ${ofKind.length} | ${struck.length} | ${wrong.length} | ${(slowestMs / 1000).toFixed(1)} s |`);
  }
  const compacted = runs.filter(({ fault }) => fault?.kind === 'Compacted');
  if (compacted.length > 0) check('a compacted history is told by the API server itself', compacted.some(({ goneAnswers }) => goneAnswers > 0), `${compacted.reduce((sum, { goneAnswers }) => sum + goneAnswers, 0)} answers 410`);
  const same = runs.filter((run) => deviations(run, reference, varying).length === 0).length;
  const counts = [...reference.counts].map(([name, count]) => `| ${name} | ${count} |`);
  return {
    checks: [],
    figure: `${runs.length} runs with a fault at one of ${shortest} writes or more: ${same} ended as the undisturbed one, object for object and write for write`,
    evidence: ['| fault | runs | struck | other than undisturbed | slowest run |', '| --- | --- | --- | --- | --- |', ...rows, '', 'Writes of an undisturbed run (create, version change, scale change, delete):', '', '| write | times |', '| --- | --- |', ...counts].join('\n'),
  };
}
