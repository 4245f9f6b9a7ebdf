import { availableParallelism } from 'node:os';
import type { Check, ClaimOutcome } from '../claim.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { fakeNodes } from '../fake-nodes.ts';
import { operatorPods } from '../faults.ts';
import { operatorFigures } from '../operator-figures.ts';
import { seededRandom } from '../seeded-random.ts';
import { BASE, COMPANIONS, FROM_THE_BEGINNING, KEPT_BY_KUBERNETES } from './misuse/base.ts';
import { changesOf, type Change, type ChangeKind } from './misuse/changes.ts';
import { specSchema } from './misuse/schema.ts';
import { Trial, type Outcome } from './misuse/trial.ts';
import { HISTORY, World } from './misuse/world.ts';

/** Models that changes are made to at the same time. */
const LANES = { full: 12 * availableParallelism(), short: 8 } as const;
/** Of each kind in short form. */
const SHORT_SAMPLE: Readonly<Record<ChangeKind, number>> = { Valid: 6, AtBound: 2, Empty: 1, Removed: 3, Pair: 2, BeyondBound: 4, WrongType: 3, Null: 1, Unknown: 2 };
/** In full; the schema gives far more. */
const FEWEST_CHANGES = 200;
const SHOWN_FAILURES = 12;
/** The short form tries the same ones at every run: what none has tried yet is for the full form, not for somebody else's push. */
const SEEDS: Readonly<Record<ClaimContext['form'], number>> = { full: 1, short: 904_378 };
const WRONG: ReadonlySet<Outcome['result']> = new Set(['Lost', 'Silent', 'NotReverted']);

/** Whatever a person writes into a manifest is done, or refused, or told; and taking it back takes all of it back. */
export const misuse: PlatformClaim = {
  name: 'misuse',
  title: 'Every field of the schema, changed to valid, invalid and extreme values: the declared state is reached, or the status says why not, or the API server refuses and names the field; taken back, all is as before.',
  needs: 'shared',
  run: async (context) => {
    const { form, progress, kube, signal } = context;
    await fakeNodes(signal);
    const seed = SEEDS[form];
    const all = changesOf(await specSchema(), BASE, COMPANIONS, seededRandom(seed));
    const changes = form === 'full' ? all : sampleOf(all, seed);
    progress(`${changes.length} of ${all.length} changes, seed ${seed}`);
    const restartsBefore = await operatorRestarts(context);
    const world = new World(kube);
    const looking = new AbortController();
    const following = world.follow(AbortSignal.any([looking.signal, signal]));
    following.catch(() => {});
    let outcomes: readonly Outcome[];
    try {
      outcomes = await inLanes(context, world, changes);
    } finally {
      looking.abort();
      await following;
    }
    const panics = (await operatorFigures(context, signal)).sum('controller_runtime_reconcile_panics_total');
    const restarts = (await operatorRestarts(context)) - restartsBefore;
    return outcomeOf(context, { all, outcomes, seed, panics, restarts });
  },
};

async function inLanes(context: ClaimContext, world: World, changes: readonly Change[]): Promise<readonly Outcome[]> {
  const waiting = [...changes];
  const outcomes: Outcome[] = [];
  const lane = async (index: number): Promise<void> => {
    const trial = new Trial(context, world, `misused-${index}`);
    await trial.start();
    for (let change = waiting.shift(); change !== undefined; change = waiting.shift()) {
      const outcome = await trial.run(change);
      outcomes.push(outcome);
      if (WRONG.has(outcome.result)) context.progress(`${outcome.result}: ${change.name}: ${outcome.detail.slice(0, 500)}`);
      if (outcomes.length % 50 === 0) context.progress(`${outcomes.length} of ${changes.length} changes`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES[context.form], changes.length) }, async (_, index) => lane(index)));
  return outcomes;
}

/** Some of each kind. */
function sampleOf(all: readonly Change[], seed: number): readonly Change[] {
  const random = seededRandom(seed);
  const shuffled = all.map((change) => ({ change, key: random() })).toSorted((a, b) => a.key - b.key).map(({ change }) => change);
  return Object.entries(SHORT_SAMPLE).flatMap(([kind, count]) => shuffled.filter((change) => change.kind === kind).slice(0, count));
}

async function operatorRestarts(context: ClaimContext): Promise<number> {
  const pods = await operatorPods(context);
  return pods.flatMap(({ status }) => status.containerStatuses).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

type Judged = Readonly<{ all: readonly Change[]; outcomes: readonly Outcome[]; seed: number; panics: number; restarts: number }>;

function outcomeOf({ check, form }: ClaimContext, { all, outcomes, seed, panics, restarts }: Judged): ClaimOutcome {
  const of = (...results: readonly Outcome['result'][]): readonly Outcome[] => outcomes.filter(({ result }) => results.includes(result));
  const taken = of('Shown', 'Listed', 'Told', 'AsBefore', 'InTime', 'Lost', 'NotReverted');
  const none = (name: string, bad: readonly Outcome[], good: string): Check =>
    check(name, bad.length === 0, bad.length === 0 ? good : `${bad.length}: ${bad.slice(0, SHOWN_FAILURES).map(({ change, detail }) => `${change.name}: ${detail.slice(0, 300)}`).join('; ')}`);
  const checks = [
    none('what the schema forbids is refused, and every refusal names its field', of('Silent'), `${of('Refused').length} of ${outcomes.length} changes refused`),
    none('what is taken is reached, or told', of('Lost'), `${of('Shown').length} show in objects, ${of('Listed').length} are listed as without effect, ${of('Told').length} are told by conditions, ${of('AsBefore').length} say what was said before, ${of('InTime').length} work in time`),
    none('taken back, all is as before', of('NotReverted'), `${taken.length - of('AsBefore').length} changes`),
    check('the operator does not crash, nor fail in its own code', panics === 0 && restarts === 0, `${restarts} restarts, ${panics} programming errors`),
  ];
  // A sample need not reach all fields.
  if (form === 'full') {
    checks.push(everyFieldTaken(check, all, taken));
    checks.push(check(`at least ${FEWEST_CHANGES} changes`, outcomes.length >= FEWEST_CHANGES, `${outcomes.length} changes`));
  }
  return {
    checks,
    figure: `${outcomes.length} changes of ${new Set(outcomes.flatMap(({ change }) => change.fields)).size} fields: ${of('Refused').length} refused by name, ${taken.length} taken and taken back, ${of('Lost', 'Silent', 'NotReverted').length} otherwise`,
    evidence: [
      `Made from the committed CRD (seed ${seed}) against one valid manifest, on ${LANES[form]} models at the same time, by server-side apply with unknown fields refused. Pods are on fake nodes (kwok).`,
      '',
      '| kind of change | changes | refused | shown in objects | listed as without effect | told by conditions | as before | in time | wrong |',
      '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
      ...[...new Set(outcomes.map(({ change }) => change.kind))].map((kind) => {
        const count = (...results: readonly Outcome['result'][]): number => of(...results).filter(({ change }) => change.kind === kind).length;
        const sum = outcomes.filter(({ change }) => change.kind === kind).length;
        return `| ${kind} | ${sum} | ${count('Refused')} | ${count('Shown')} | ${count('Listed')} | ${count('Told')} | ${count('AsBefore')} | ${count('InTime')} | ${count('Lost', 'Silent', 'NotReverted')} |`;
      }),
      ...(form === 'full' ? ['', '| what may stay of a change that was taken back | why |', '| --- | --- |', ...Object.entries(HISTORY).map(([what, why]) => `| ${what} | ${why} |`), ...Object.entries(KEPT_BY_KUBERNETES).map(([what, { why }]) => `| ${what} | ${why} |`)] : []),
    ].join('\n'),
  };
}

/** A field that is only ever refused is not tested: it needs something beside it (COMPANIONS). */
function everyFieldTaken(check: ClaimContext['check'], all: readonly Change[], taken: readonly Outcome[]): Check {
  const fields = new Set(all.filter(({ kind }) => kind === 'Valid').flatMap(({ fields }) => fields));
  const reached = new Set(taken.filter(({ change }) => change.kind !== 'Removed' && change.kind !== 'Null').flatMap(({ change }) => change.fields));
  const within = (field: string): boolean => [...reached].some((one) => one === field || one.startsWith(`${field}.`) || one.startsWith(`${field}[`));
  const missing = [...fields].filter((field) => !within(field) && !Object.keys(FROM_THE_BEGINNING).some((one) => field === one || field.startsWith(`${one}.`)));
  return check('every field was taken at least once', missing.length === 0, missing.length === 0 ? `${fields.size} fields` : `never: ${missing.join(', ')}`);
}
