/** An open-loop generator in a thread of its own: calls are due at fixed instants, whatever became of those before. */
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { judgeAnswer } from './answer-check.ts';
import { Caller } from './caller.ts';
import { CONNECTIONS, LoadCommand, LoadPlan, type Connection } from './protocol.ts';
import { Tally } from './tally.ts';

const TICK_MS = 2;

const plan = LoadPlan.parse(workerData);
const port = parentPort;
if (port === null) throw new Error('this file is a worker');

const caller = new Caller(plan);
const tally = new Tally();
const startMs = performance.now();
const underWay = new Set<Promise<void>>();
let { phase, versions } = plan;
let due = 0;

async function callOnce(index: number, dueMs: number): Promise<void> {
  const sample = plan.samples[Math.floor(index / CONNECTIONS.length) % plan.samples.length];
  const connection: Connection = CONNECTIONS[index % CONNECTIONS.length] ?? 'Kept';
  if (sample === undefined) return;
  // Of the phase in which it was sent; what may answer is judged by the phase in which the answer came.
  const sentIn = phase;
  const at = new Date().toISOString();
  const outcome = await caller.call(connection, sample.body);
  const tookMs = performance.now() - dueMs;
  const judged = 'error' in outcome ? { right: false as const, error: outcome.error } : judgeAnswer(outcome.status, outcome.text, sample, { versions, tolerance: plan.tolerance });
  if (judged.right) tally.answered({ phase: sentIn, version: judged.version, connection, tookMs });
  else tally.failed({ at, phase: sentIn, connection, tookMs, error: judged.error });
}

const ticking = setInterval(() => {
  const nowMs = performance.now();
  for (;;) {
    const dueMs = startMs + (due * 1000) / plan.ratePerSecond;
    if (dueMs > nowMs) return;
    tally.sent(nowMs - dueMs);
    const call = callOnce(due, dueMs);
    underWay.add(call);
    void call.finally(() => underWay.delete(call));
    due += 1;
  }
}, TICK_MS);

async function stop(): Promise<void> {
  clearInterval(ticking);
  await Promise.all(underWay);
  caller.close();
  port?.postMessage(tally.report(performance.now() - startMs));
  port?.close();
}

port.on('message', (message: unknown) => {
  const command = LoadCommand.parse(message);
  if (command.command === 'Stop') void stop();
  else ({ phase, versions } = command);
});
