import { jsonOrUndefined } from '../../../contracts/json.ts';
import { PredictResponse, type Prediction } from '../../../contracts/prediction.ts';
import { inParallel } from '../../../platform/parallel/in-parallel.ts';
import { Caller } from './caller.ts';
import type { Customer } from './customers.ts';
import { CALL_TIMEOUT_MS, type Connection } from './protocol.ts';

/** A customer and what was answered; `atMs` when the whole answer was there. */
export type Scored = Readonly<{ customer: Customer; prediction: Prediction; atMs: number }>;

/** What came of all rows: failures in words, one a call. */
export type ScoredRows = Readonly<{ scored: readonly Scored[]; failures: readonly string[] }>;

/** How rows are sent: so many a call, so many calls at a time, over connections of one kind. */
export type Sending = Readonly<{ url: string; customers: readonly Customer[]; rowsPerCall: number; atOnce: number; connection: Connection }>;

/** Sends all customers, in their order, and gives one prediction for each whose call did not fail. Nothing is tried again. */
export async function predictRows({ url, customers, rowsPerCall, atOnce, connection }: Sending): Promise<ScoredRows> {
  const caller = new Caller({ url, keptConnections: atOnce, timeoutMs: CALL_TIMEOUT_MS });
  const scored: Scored[] = [];
  const failures: string[] = [];
  const calls = Array.from({ length: Math.ceil(customers.length / rowsPerCall) }, (_, call) => customers.slice(call * rowsPerCall, (call + 1) * rowsPerCall));
  try {
    await inParallel(calls, atOnce, async (rows) => {
      const outcome = await caller.call(connection, JSON.stringify({ instances: rows.map(({ instance }) => instance) }));
      const read = 'error' in outcome ? outcome.error : predictionsOf(outcome, rows.length);
      if (typeof read === 'string') failures.push(read);
      else for (const [index, prediction] of read.entries()) if (rows[index] !== undefined) scored.push({ customer: rows[index], prediction, atMs: Date.now() });
    });
  } finally {
    caller.close();
  }
  return { scored, failures };
}

/** One prediction a row, or what is wrong with the answer. */
export function predictionsOf({ status, text }: Readonly<{ status: number; text: string }>, rows: number): readonly Prediction[] | string {
  if (status !== 200) return `HTTP ${status}: ${text.slice(0, 300)}`;
  const answer = PredictResponse.safeParse(jsonOrUndefined(text)).data;
  if (answer?.predictions.length !== rows) return `${rows} rows sent, answered: ${text.slice(0, 300)}`;
  return answer.predictions;
}
