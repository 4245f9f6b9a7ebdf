import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';
import { churnModelCrd } from '../../contracts/generate/crd.ts';
import { API_VERSION } from '../../contracts/names.ts';
import { sleep, type Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Transport } from '../runtime/transport.ts';
import { missingFields } from './fields.ts';

/** What the API server's schema of ChurnModel is to this operator. */
export type Served = Readonly<{ served: 'Current' } | { served: 'Older'; missing: readonly string[] } | { served: 'Unknown'; why: string }>;

/** Nobody changes a definition often; an older one is looked at again soon, because somebody should be about to replace it. */
const LOOK_AGAIN_MS = 10 * 60_000;
const LOOK_AGAIN_SOON_MS = 30_000;
/** A definition that was just replaced is served within seconds: what looks older is looked at twice. */
const CONFIRM_MS = 5000;
/** Missing fields that a log line names. */
const NAMED = 10;

const OpenApi = z.looseObject({
  components: z.looseObject({
    schemas: z.record(z.string(), z.looseObject({ 'x-kubernetes-group-version-kind': z.array(z.looseObject({ kind: z.string() })).optional() })),
  }),
});
const Definition = z.looseObject({ spec: z.looseObject({ versions: z.tuple([z.looseObject({ schema: z.looseObject({ openAPIV3Schema: z.unknown() }) })]) }) });

/**
 * Compares the schema that the API server serves with the one this operator was built with. It reads `/openapi`, which is open to every
 * account: a right to read custom resource definitions would be cluster-wide, and the operator may have none in its namespaces' mode.
 * @throws ApiError without an answer, ZodError for one that is no OpenAPI document
 */
export async function servedDefinition(transport: Transport, signal: AbortSignal): Promise<Served> {
  const answer = await transport.send({ verb: 'get', method: 'GET', path: `/openapi/v3/apis/${API_VERSION}` }, signal);
  if (answer.status === 404) return { served: 'Unknown', why: `the API server does not serve ${API_VERSION}` };
  if (answer.status !== 200) return { served: 'Unknown', why: `the API server answers ${answer.status} for its schema of ${API_VERSION}` };
  const { schemas } = OpenApi.parse(JSON.parse(answer.text)).components;
  const schema = Object.values(schemas).find((each) => each['x-kubernetes-group-version-kind']?.some(({ kind }) => kind === 'ChurnModel') === true);
  if (schema === undefined) return { served: 'Unknown', why: 'the API server describes no ChurnModel' };
  const missing = missingFields(Definition.parse(churnModelCrd()).spec.versions[0].schema.openAPIV3Schema, schema);
  return missing.length === 0 ? { served: 'Current' } : { served: 'Older', missing };
}

/**
 * Looks at start and now and then, and tells what changes: an older definition drops fields of spec and status, and nothing else would say so.
 * The operator does not replace it: whoever installs it decides (DESIGN section 8). Ends when the signal aborts.
 * @param parts.missing where the number of missing fields is written
 */
export async function followDefinition(parts: Readonly<{ transport: Transport; clock: Clock; logger: Logger; missing: { set(count: number): void } }>, signal: AbortSignal): Promise<void> {
  let told = '';
  while (!signal.aborted) {
    let seen = await look(parts.transport, signal);
    if (seen.served === 'Older' && JSON.stringify(seen) !== told) {
      await sleep(parts.clock, CONFIRM_MS, signal).catch(() => {});
      seen = await look(parts.transport, signal);
    }
    const now = JSON.stringify(seen);
    if (now !== told && !signal.aborted) tell(seen, parts);
    told = now;
    await sleep(parts.clock, seen.served === 'Current' ? LOOK_AGAIN_MS : LOOK_AGAIN_SOON_MS, signal).catch(() => {});
  }
}

/** Where the number of missing fields is written; 0 until a look found some. */
export function missingFieldsGauge(registry: Registry): Gauge {
  return new Gauge({ name: 'churnops_definition_missing_fields', help: 'Fields of spec and status that the served custom resource definition lacks.', registers: [registry] });
}

/** Nothing that is wrong with the answer may bring the operator down. */
async function look(transport: Transport, signal: AbortSignal): Promise<Served> {
  return servedDefinition(transport, signal).catch((error: unknown) => ({ served: 'Unknown', why: error instanceof Error ? error.message : String(error) }));
}

function tell(seen: Served, { logger, missing }: Readonly<{ logger: Logger; missing: { set(count: number): void } }>): void {
  switch (seen.served) {
    case 'Current':
      missing.set(0);
      return logger.info({}, 'the custom resource definition is as new as this operator');
    case 'Older':
      missing.set(seen.missing.length);
      return logger.error(
        { missing: seen.missing.slice(0, NAMED), count: seen.missing.length },
        'the custom resource definition is older than this operator: the API server drops the missing fields. Upgrade it: helm upgrade with crds.enabled=true, or kubectl apply --server-side -f charts/churnops/files/crds',
      );
    case 'Unknown':
      return logger.warn({ why: seen.why }, 'whether the custom resource definition is as new as this operator cannot be seen');
  }
}
