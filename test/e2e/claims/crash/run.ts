import { output } from '../../command.ts';
import { connect } from '../../../../operator/runtime/connection.ts';
import type { ClaimContext } from '../../context.ts';
import { differences, type EndState } from './end-state.ts';
import { FaultProxy } from './fault-proxy.ts';
import type { Fault } from './fault.ts';
import { OperatorProcess } from './operator-process.ts';
import { runWorkload, STEPS, type Step } from './workload.ts';
import type { Effect } from './write-log.ts';

/** One workload from beginning to end, with one fault or none. */
export type Run = Readonly<{
  fault: Fault | undefined;
  /** What was done; undefined when the write it was meant for never came. */
  done: string | undefined;
  states: ReadonlyMap<Step, EndState>;
  /** How often each object was created, changed and deleted, by `Created deployments/MODEL`. */
  counts: ReadonlyMap<string, number>;
  writes: number;
  goneAnswers: number;
  tookMs: number;
  /** Why it did not come to its end, or what it should not have done. */
  problem: string | undefined;
}>;

/** Runs the workload under an operator of its own. */
export async function runOnce(context: ClaimContext, input: Readonly<{ id: string; fault: Fault | undefined }>): Promise<Run> {
  const { kube, namespace, signal } = context;
  const { id, fault } = input;
  const startedMs = Date.now();
  const upstream = connect({ kubeconfig: await output('hack/cluster', ['kubeconfig'], { signal }), version: `crash-${id}` });
  const hands = { killOperator: () => operator.kill(), compact: async () => compactHistory(signal) };
  const proxy = new FaultProxy({ upstream, fault, hands });
  const operator = await OperatorProcess.start({ port: await proxy.start(), namespace, operatorClass: `crash-${id}` });
  const model = `crash-${id}`;
  let states: ReadonlyMap<Step, EndState> = new Map();
  let problem: string | undefined;
  let exitCode: number | null = null;
  try {
    states = await runWorkload({ kube, model, operatorClass: `crash-${id}`, signal, quietMs: () => Date.now() - proxy.lastWriteMs, isPlain: () => proxy.isPlain });
  } catch (thrown) {
    signal.throwIfAborted();
    problem = `${thrown instanceof Error ? thrown.message : String(thrown)}; the operator's log ends: ${operator.log.slice(-1500)}`;
  } finally {
    exitCode = await operator.stop();
    await proxy.close();
    await upstream.close();
  }
  const [crash] = operator.crashes;
  if (crash !== undefined) problem ??= `the operator ended by itself (${crash}): ${operator.log.slice(-1500)}`;
  if (exitCode !== 0) problem ??= `exit code ${exitCode} after SIGTERM; the operator's log ends: ${operator.log.slice(-1500)}`;
  const counts = countsOf(proxy.effects, model);
  return { fault, done: proxy.done, states, counts, writes: proxy.writes, goneAnswers: proxy.goneAnswers, tookMs: Date.now() - startedMs, problem };
}

/** What a run did that the undisturbed one did not: states after each step, then how often objects were written. */
export function deviations(run: Run, reference: Run, varying: ReadonlyMap<Step, ReadonlySet<string>>): readonly string[] {
  if (run.problem !== undefined) return [run.problem];
  const states = STEPS.flatMap((step) => differences(reference.states.get(step) ?? new Map(), run.states.get(step) ?? new Map(), varying.get(step) ?? new Set()).map((difference) => `after ${step}: ${difference}`));
  const names = [...new Set([...reference.counts.keys(), ...run.counts.keys()])];
  const counts = names.flatMap((name) => {
    const wanted = reference.counts.get(name) ?? 0;
    const seen = run.counts.get(name) ?? 0;
    return Math.abs(seen - wanted) <= slackOf(name) ? [] : [`${name}: ${wanted} times became ${seen}`];
  });
  return [...states, ...counts];
}

/**
 * Objects are created and deleted exactly as often. A change whose answer was lost is sent once more; of the status, which follows pods
 * as they come and go, a few looks more or less make no difference.
 */
function slackOf(name: string): number {
  if (!name.startsWith('Changed')) return 0;
  return name.includes('/status') ? 6 : 1;
}

function countsOf(effects: readonly Effect[], model: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { what, effect } of effects) {
    const name = `${effect} ${what.replaceAll(model, 'MODEL').replace(/MODEL-inspect-[0-9a-f]{8}/, 'MODEL-inspect')}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Makes etcd forget all versions before now. */
async function compactHistory(signal: AbortSignal): Promise<void> {
  const etcd = async (path: string, body: object): Promise<string> =>
    output('hack/cluster', ['run', 'curl', '--silent', '--fail', '--max-time', '10', '-X', 'POST', `http://127.0.0.1:2379/v3/kv/${path}`, '-d', JSON.stringify(body)], { signal });
  const revision = /"revision":"(\d+)"/.exec(await etcd('range', { key: 'AA==' }))?.[1];
  if (revision === undefined) throw new Error('etcd names no revision');
  await etcd('compaction', { revision, physical: true });
}
