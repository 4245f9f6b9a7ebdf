import { Agent, request } from 'undici';
import { Registry } from 'prom-client';
import { createLogger } from '../../platform/logging/logger.ts';
import { closeGracefully, listen } from '../../platform/http/listener.ts';
import type { GoldenRows } from '../../contracts/model-card.ts';
import type { Engine } from '../engine/engine.ts';
import { goldenBatch } from '../engine/golden-parity.ts';
import { createDataPort } from './data-port.ts';
import type { ServingModel } from './serving-model.ts';

/** Enough for V8 to compile the path: cold requests take 6-13 ms, warm ones 1.5 ms (reference/serving.md section 7). */
export const WARM_UP = { rows: 2000, requests: 300, parallel: 8 } as const;
const BATCH_ROWS = 64;

/**
 * Runs the engine, then the whole request path over loopback on a port of its own with counters of its own, so that nothing of it shows
 * in metrics. Rows are the golden ones; answers are not looked at (parity is proven before).
 */
export async function warmUp(model: ServingModel, engine: Engine, golden: GoldenRows, signal: AbortSignal): Promise<void> {
  for (let row = 0; row < WARM_UP.rows; row += BATCH_ROWS) {
    signal.throwIfAborted();
    const from = row % Math.max(1, golden.rows.length - BATCH_ROWS);
    await engine.score(goldenBatch(model.card, golden, from, from + BATCH_ROWS));
  }
  const silent = createLogger({ level: 'error', fields: {}, destination: { write: () => undefined } });
  const port = createDataPort({ model, engine, registry: new Registry(), logger: silent, state: () => 'Loading' });
  const agent = new Agent({ connections: WARM_UP.parallel });
  try {
    const origin = `http://127.0.0.1:${await listen(port.server, 0, '127.0.0.1')}`;
    const bodies = golden.rows.slice(0, BATCH_ROWS).map((row) => JSON.stringify({ instances: [Object.fromEntries(golden.columns.map((name, at) => [name, row[at] ?? null]))] }));
    await Promise.all(Array.from({ length: WARM_UP.parallel }, (_, lane) => runLane(agent, `${origin}/v1/models/${model.name}:predict`, bodies, lane, signal)));
  } finally {
    await agent.destroy();
    await closeGracefully(port.server, 0);
  }
}

async function runLane(agent: Agent, url: string, bodies: readonly string[], lane: number, signal: AbortSignal): Promise<void> {
  for (let index = lane; index < WARM_UP.requests; index += WARM_UP.parallel) {
    const answer = await request(url, { dispatcher: agent, method: 'POST', headers: { 'content-type': 'application/json' }, body: bodies[index % bodies.length] ?? '{}', signal });
    await answer.body.dump();
  }
}
