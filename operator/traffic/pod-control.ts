import { Agent } from 'undici';
import { PORTS } from '../../contracts/names.ts';
import { TrafficState } from '../../contracts/traffic.ts';
import { httpOrigin } from '../../platform/http/origin.ts';

/** A pod that takes longer has something better to do. */
const TIMEOUT_MS = 2000;
/** Two sides with a histogram each take 3 KB. */
const MAX_BYTES = 64 * 1024;

/** Asks pods what they make of their policy. */
export type ReadTraffic = (address: string, signal: AbortSignal) => Promise<TrafficState>;

/** Reads `GET :9090/control/traffic` of pods over kept connections; `close` ends those. */
export function podControl(port: number = PORTS.control): Readonly<{ read: ReadTraffic; close: () => Promise<void> }> {
  const agent = new Agent({ connect: { timeout: TIMEOUT_MS }, keepAliveTimeout: 15_000, connections: 1, pipelining: 1 });
  const read: ReadTraffic = async (address, signal) => {
    const response = await agent.request({ origin: httpOrigin(address, port), path: '/control/traffic', method: 'GET', headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    const text = await boundedText(response.body);
    if (response.statusCode !== 200) throw new Error(`it answers ${response.statusCode}`);
    return TrafficState.parse(JSON.parse(text));
  };
  return { read, close: async () => agent.destroy() };
}

async function boundedText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`its answer is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
