import { deflateSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import type { ModelCard } from '../../../../contracts/model-card.ts';
import { anyText } from '../../../any-text.ts';
import { numberText, type FuzzBody } from './fuzz-body.ts';
import { inferBodies } from './tensors.ts';

/** How a request reaches the server. */
export type Delivery = 'Whole' | 'Chunked' | 'CutShort' | 'NotHttp';

/** A request that nobody should send. */
export type FuzzRequest = Readonly<{ kind: string; path: string; headers: Readonly<Record<string, string>>; body: Buffer; delivery: Delivery }>;

const MIB = 1024 * 1024;
const DEPTH = 50_000;

const oddText = fc.oneof(
  anyText({ maxLength: 20 }),
  fc.constantFrom('', ' ', '\0', 'Month-to-month', 'nan', 'null', '\ud800', '\u2028', '__proto__', 'constructor', 'x'.repeat(5000)),
);
const valueText = fc.oneof(numberText, fc.json({ maxDepth: 3 }), oddText.map((text) => JSON.stringify(text)), fc.constantFrom('null', 'true', '[]', '{}', '{"a":1}', '[[1]]'));

function instanceText(columns: readonly string[]): fc.Arbitrary<string> {
  const name = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...columns) }, { weight: 1, arbitrary: fc.constantFrom('__proto__', 'toString', '', 'Tenure', 'x'.repeat(300)) }, { weight: 1, arbitrary: oddText });
  const members = fc.array(fc.tuple(name, valueText), { maxLength: columns.length + 3 });
  return members.map((list) => `{${list.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`);
}

/** A row that nothing is wrong with. */
function goodInstance({ inputs }: Pick<ModelCard, 'inputs'>): fc.Arbitrary<string> {
  const values = inputs.map((input) => {
    const value: fc.Arbitrary<string | number> = input.type === 'number' ? fc.double({ min: input.range.min, max: input.range.max, noNaN: true }) : fc.constantFrom(...input.categories);
    return (input.missing.policy === 'Impute' ? fc.option(value, { freq: 9 }) : value).map((given) => [input.name, given] as const);
  });
  return fc.tuple(...values).map((row) => JSON.stringify(Object.fromEntries(row)));
}

function v1(kind: string, text: fc.Arbitrary<string | Buffer>): fc.Arbitrary<FuzzBody> {
  return text.map((body) => ({ kind: `V1 ${kind}`, protocol: 'V1', body: Buffer.from(body) }));
}

function instanceBodies(card: Pick<ModelCard, 'inputs'>): fc.Arbitrary<FuzzBody> {
  const instance = instanceText(card.inputs.map(({ name }) => name));
  const nested = fc.integer({ min: 1, max: DEPTH });
  return fc.oneof(
    { weight: 8, arbitrary: v1('good', fc.array(goodInstance(card), { minLength: 1, maxLength: 3 }).map((list) => `{"instances":[${list.join(',')}]}`)) },
    { weight: 1, arbitrary: v1('good, many rows', fc.tuple(goodInstance(card), fc.integer({ min: 100, max: 1024 })).map(([row, count]) => `{"instances":[${Array.from({ length: count }, () => row).join(',')}]}`)) },
    { weight: 20, arbitrary: v1('instances', fc.array(instance, { maxLength: 5 }).map((list) => `{"instances":[${list.join(',')}]}`)) },
    { weight: 5, arbitrary: v1('JSON', fc.json()) },
    { weight: 5, arbitrary: v1('text', anyText()) },
    { weight: 3, arbitrary: v1('bytes', fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes))) },
    { weight: 3, arbitrary: v1('not an array', valueText.map((value) => `{"instances":${value}}`)) },
    { weight: 1, arbitrary: v1('deep arrays', nested.map((depth) => `{"instances":[{"x":${'['.repeat(depth)}${']'.repeat(depth)}}]}`)) },
    { weight: 1, arbitrary: v1('deep objects', nested.map((depth) => `{"instances":[${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}]}`)) },
    { weight: 1, arbitrary: v1('unclosed', nested.map((depth) => '[{"a":'.repeat(depth))) },
    { weight: 1, arbitrary: v1('many rows', fc.tuple(instance, fc.integer({ min: 1, max: 1100 })).map(([row, count]) => `{"instances":[${Array.from({ length: count }, () => row.slice(0, 800)).join(',')}]}`)) },
    { weight: 1, arbitrary: v1('many columns', fc.integer({ min: 1, max: 20_000 }).map((count) => `{"instances":[{${Array.from({ length: count }, (_, at) => `"c${at}":0`).join(',')}}]}`)) },
  );
}

/** Compressed, or said to be: gzip and zlib of good and broken bytes, and little that becomes much. */
function packed(bodies: fc.Arbitrary<FuzzBody>): fc.Arbitrary<FuzzBody> {
  const coding = fc.constantFrom('gzip', 'deflate', 'x-gzip', 'br', 'gzip, gzip', 'identity');
  const pack = fc.constantFrom<(body: Buffer) => Buffer>(
    (body) => gzipSync(body),
    (body) => deflateSync(body),
    (body) => body,
    (body) => gzipSync(body).subarray(0, -5),
    (body) => Buffer.concat([gzipSync(body), body]),
    (body) => gzipSync(gzipSync(body)),
  );
  return fc.tuple(bodies, coding, pack).map(([given, name, wrap]) => ({ ...given, kind: `${given.kind}, packed`, body: wrap(given.body), headers: { ...given.headers, 'content-encoding': name } }));
}

const large = fc.constantFrom('V1', 'V2').map((protocol): FuzzBody => ({ kind: `${protocol} 2 MiB`, protocol, body: Buffer.alloc(2 * MIB, 'x') }));
/** Made once: packing 64 MiB takes longer than a thousand other bodies. */
const BOMBS = [1, 2, 8, 64].map((size) => gzipSync(Buffer.alloc(size * MIB, ' ')));
const bomb = fc.tuple(fc.constantFrom('V1', 'V2'), fc.constantFrom(...BOMBS)).map(([protocol, body]): FuzzBody => ({ kind: `${protocol} bomb`, protocol, body, headers: { 'content-encoding': 'gzip' } }));

const oddHeaders = fc.oneof(
  { weight: 12, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constantFrom('text/plain', 'application/octet-stream', 'application/json; charset=latin1', 'application/x-www-form-urlencoded', 'multipart/form-data', 'x').map((type) => ({ 'content-type': type })) },
  { weight: 1, arbitrary: fc.constantFrom('0', '-1', '1', '999999999999', '0x10', '1e3', '7, 7', 'NaN').map((length) => ({ 'inference-header-content-length': length })) },
  { weight: 1, arbitrary: fc.constantFrom('gzip', 'deflate', '*;q=0', 'gzip;q=x', ','.repeat(500)).map((accept) => ({ 'accept-encoding': accept })) },
);

/** What is sent to one model's pod: most of it whole, some in chunks, some cut short, some that is no HTTP at all. */
export function fuzzRequests(model: string, version: string, card: Pick<ModelCard, 'inputs'>): fc.Arbitrary<FuzzRequest> {
  const plain = fc.oneof({ weight: 1, arbitrary: instanceBodies(card) }, { weight: 1, arbitrary: inferBodies(card) });
  const body = fc.oneof({ weight: 160, arbitrary: plain }, { weight: 35, arbitrary: packed(plain) }, { weight: 1, arbitrary: large }, { weight: 1, arbitrary: bomb });
  const paths = { V1: fc.constant(`/v1/models/${model}:predict`), V2: fc.constantFrom(`/v2/models/${model}/infer`, `/v2/models/${model}/versions/${version}/infer`) };
  const delivery = fc.oneof({ weight: 44, arbitrary: fc.constant('Whole' as const) }, { weight: 3, arbitrary: fc.constant('Chunked' as const) }, { weight: 2, arbitrary: fc.constant('CutShort' as const) }, { weight: 1, arbitrary: fc.constant('NotHttp' as const) });
  return body.chain((given) =>
    fc.record({ path: paths[given.protocol], odd: oddHeaders, delivery }).map(({ path, odd, delivery: how }) => ({
      kind: given.kind,
      path,
      headers: { 'content-type': 'application/json', ...given.headers, ...odd },
      body: given.body,
      delivery: how,
    })),
  );
}
