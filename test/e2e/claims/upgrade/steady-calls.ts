import { z } from 'zod';
import { TOLERANCE } from '../../load/samples.ts';
import { cardOf, telcoCustomers } from '../../load/customers.ts';
import { Load } from '../../load/load.ts';
import { CALL_TIMEOUT_MS, type SampleCall } from '../../load/protocol.ts';
import { VERSIONS } from '../../manifest.ts';

const RATE_PER_SECOND = 50;
const SAMPLES = 100;
const ANSWERED = 'before';
/** Only the version that served before may answer, with its own probabilities. */
export const SAME_ANSWERS = { [VERSIONS.decent]: ANSWERED } as const;

const Answer = z.looseObject({ predictions: z.tuple([z.looseObject({ probability: z.number() })]) });

/** What is called at a steady rate, half over kept-alive connections; each answer must be the one that the customer got before. */
export async function steadyCalls(url: string, phase: string): Promise<Load> {
  const customers = (await telcoCustomers(await cardOf(VERSIONS.decent))).slice(0, SAMPLES);
  const samples: SampleCall[] = [];
  for (const { instance } of customers) {
    const body = JSON.stringify({ instances: [instance] });
    const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    samples.push({ body, expected: { [ANSWERED]: Answer.parse(await answer.json()).predictions[0].probability } });
  }
  return Load.start({ url, ratePerSecond: RATE_PER_SECOND, keptConnections: 10, timeoutMs: CALL_TIMEOUT_MS, tolerance: TOLERANCE, versions: SAME_ANSWERS, samples, phase });
}
