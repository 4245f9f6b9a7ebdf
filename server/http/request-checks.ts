import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { MAX_BODY_BYTES, MAX_ROWS } from '../../contracts/prediction.ts';
import { kindOf } from '../validation/column-check.ts';

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** Refuses what is not declared as JSON. A missing Content-Type counts as JSON. @throws ChurnOpsError UnsupportedMediaType */
export function assertJsonType(type: string | undefined): void {
  if (type !== undefined && !JSON_TYPE.test(type)) throw new ChurnOpsError('UnsupportedMediaType', 'The body is not declared as UTF-8 application/json.');
}

/** Bytes of the body as its head declares them (0: none); undefined where it comes in chunks. */
export function declaredLength({ headers }: Pick<IncomingMessage, 'headers'>): number | undefined {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined;
}

/** The error for a body over the limit. */
export function bodyTooLarge(): ChurnOpsError {
  return new ChurnOpsError('BodyTooLarge', `The body has more than ${MAX_BODY_BYTES} bytes.`);
}

/** What is asked for by query that this server does not do; silence would look like an answer. */
export function queryProblem(query: string): ChurnOpsError | undefined {
  if (query === '' || !new URLSearchParams(query).has('explain')) return undefined;
  return new ChurnOpsError('InvalidRequest', 'This server does not explain predictions yet: leave out ?explain.');
}

/**
 * The instances of a predict body. Of a name that occurs twice in an object the last value counts, as everywhere in JSON.
 * @throws ChurnOpsError InvalidJson, InvalidRequest, TooManyRows; messages never quote the body
 */
export function parseInstances(body: Buffer): readonly unknown[] {
  const json = parseJson(body, (text) => text);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new ChurnOpsError('InvalidRequest', `The body is ${kindOf(json)}.`);
  const instances: unknown = Object.hasOwn(json, 'instances') ? Reflect.get(json, 'instances') : undefined;
  if (!Array.isArray(instances)) throw new ChurnOpsError('InvalidRequest', `"instances" is ${kindOf(instances)}.`);
  if (instances.length === 0) throw new ChurnOpsError('InvalidRequest', '"instances" is empty.');
  if (instances.length > MAX_ROWS) throw new ChurnOpsError('TooManyRows', `"instances" has ${instances.length} rows.`);
  return instances;
}

/**
 * The JSON in some bytes.
 * @param repair is given the text when it does not parse, and may make it parse
 * @throws ChurnOpsError InvalidJson; messages never quote the body
 */
export function parseJson(body: Buffer, repair: (text: string) => string): unknown {
  if (body.length === 0) throw new ChurnOpsError('InvalidJson', 'The body is empty.');
  if (!isUtf8(body)) throw new ChurnOpsError('InvalidJson', 'The body is not UTF-8.');
  const text = body.toString('utf8');
  try {
    const json: unknown = JSON.parse(text);
    return json;
  } catch (thrown) {
    const repaired = repair(text);
    if (repaired !== text) return parseJson(Buffer.from(repaired), (same) => same);
    const position = thrown instanceof Error ? /at position (\d+)/.exec(thrown.message)?.[1] : undefined;
    throw new ChurnOpsError('InvalidJson', `The body is not JSON${position === undefined ? '' : ` (at character ${position})`}.`);
  }
}
