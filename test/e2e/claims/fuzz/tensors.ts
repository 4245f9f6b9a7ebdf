import * as fc from 'fast-check';
import { DATATYPES, JSON_LENGTH_HEADER, OUTPUTS } from '../../../../contracts/inference.ts';
import type { ModelCard } from '../../../../contracts/model-card.ts';
import { NUMBER_FORMATS } from '../../../../server/http/v2/datatypes.ts';
import { numberText, type FuzzBody } from './fuzz-body.ts';

/** A tensor as it is written into JSON, and its binary form behind it. */
type Tensor = Readonly<{ text: string; bytes: Buffer }>;

const datatype = fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...DATATYPES) }, { weight: 1, arbitrary: fc.constantFrom('FP128', 'BF16', '', 'toString', 'fp32') });
const shapeText = (rows: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(`[${rows}]`, `[${rows},1]`) },
    { weight: 1, arbitrary: fc.constantFrom('[]', '[-1]', '[0]', '[1.5]', '[1025]', '[999999999]', '[4294967296,4294967296]', '[1e308]', '[1,1,1]', `[1,${rows}]`, '["1"]', '7', 'null', '{}') },
  );
const sizeLie = fc.oneof({ weight: 10, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom('-1', '0', '1', '7', '1e9', '4294967296', '"8"', 'null', '1.5', 'true', '9007199254740993') });
const dataText = (rows: number): fc.Arbitrary<string> => {
  const values = fc.array(fc.oneof({ weight: 6, arbitrary: numberText }, { weight: 3, arbitrary: fc.string({ maxLength: 12 }).map((text) => JSON.stringify(text)) }, { weight: 1, arbitrary: fc.constantFrom('null', 'true', '[1]', '[1,2]', '{}', '[[1]]') }), { minLength: rows, maxLength: rows });
  return fc.oneof(
    { weight: 8, arbitrary: values.map((list) => `[${list.join(',')}]`) },
    { weight: 2, arbitrary: values.map((list) => `[${list.map((value) => `[${value}]`).join(',')}]`) },
    { weight: 1, arbitrary: fc.constantFrom('[]', 'null', '7', '"x"', '[1,2,3,4]', `${'['.repeat(2000)}${']'.repeat(2000)}`) },
  );
};

/** Bytes of the right length for the datatype, most of the time. */
function binaryOf(name: string, rows: number): fc.Arbitrary<Buffer> {
  const right =
    name === 'BYTES'
      ? fc.array(fc.uint8Array({ maxLength: 12 }), { minLength: rows, maxLength: rows }).map((texts) => Buffer.concat(texts.flatMap((text) => [lengthOf(text.length), Buffer.from(text)])))
      : fc.uint8Array({ minLength: rows * sizeOf(name), maxLength: rows * sizeOf(name) }).map((bytes) => Buffer.from(bytes));
  return fc.oneof(
    { weight: 8, arbitrary: right },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.constantFrom(0xffffffff, 0x7fffffff, 1000).map((length) => Buffer.concat([lengthOf(length), Buffer.from('x')])) },
  );
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(length);
  return bytes;
}

function sizeOf(name: string): number {
  return new Map<string, number>(Object.entries(NUMBER_FORMATS).map(([datatype, { sizeBytes }]) => [datatype, sizeBytes])).get(name) ?? 4;
}

function tensor(columns: ModelCard['inputs'], rows: number): fc.Arbitrary<Tensor> {
  const column = fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...columns) }, { weight: 1, arbitrary: fc.constantFrom('noise', '', '__proto__', 'Tenure').map((name) => ({ name, type: 'number' as const })) });
  return column.chain(({ name, type }) =>
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(type === 'number' ? 'FP32' : 'BYTES') }, { weight: 1, arbitrary: datatype }).chain((kind) =>
      fc.record({ binary: fc.boolean(), shape: shapeText(rows), bytes: binaryOf(kind, rows), data: dataText(rows), lie: sizeLie, parameters: fc.constantFrom('', ',"content_type":"str"', ',"content_type":"base64"', ',"shared_memory_region":"x"', ',"x":null') }).map(({ binary, shape, bytes, data, lie, parameters }) => {
        const head = `"name":${JSON.stringify(name)},"shape":${shape},"datatype":${JSON.stringify(kind)}`;
        if (!binary) return { text: `{${head},"data":${data}${parameters === '' ? '' : `,"parameters":{${parameters.slice(1)}}`}}`, bytes: Buffer.alloc(0) };
        return { text: `{${head},"parameters":{"binary_data_size":${lie ?? bytes.length}${parameters}}}`, bytes };
      }),
    ),
  );
}

const outputsText = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 3, arbitrary: fc.subarray(Object.keys(OUTPUTS)).chain((names) => fc.boolean().map((binary) => `,"outputs":[${names.map((name) => `{"name":"${name}","parameters":{"binary_data":${binary}}}`).join(',')}]`)) },
  { weight: 1, arbitrary: fc.constantFrom(',"outputs":[{"name":"logits"}]', ',"outputs":7', ',"outputs":[7]', ',"outputs":[{"name":"label"},{"name":"label"}]', ',"parameters":{"binary_data_output":true}', ',"parameters":[]', ',"id":7', ',"id":"x"') },
);

/** Tensors of all columns that nothing is wrong with. */
function goodTensors({ inputs }: Pick<ModelCard, 'inputs'>): fc.Arbitrary<Tensor[]> {
  return fc.tuple(fc.integer({ min: 1, max: 6 }), fc.boolean()).chain(([rows, binary]) =>
    fc.tuple(
      ...inputs.map(({ name, ...input }) => {
        const value: fc.Arbitrary<string | number> = input.type === 'number' ? fc.double({ min: input.range.min, max: input.range.max, noNaN: true }) : fc.constantFrom(...input.categories);
        const datatype = input.type === 'number' ? 'FP64' : 'BYTES';
        return fc.array(value, { minLength: rows, maxLength: rows }).map((values): Tensor => {
          const head = `"name":${JSON.stringify(name)},"shape":[${rows},1],"datatype":"${datatype}"`;
          if (!binary) return { text: `{${head},"data":${JSON.stringify(values)}}`, bytes: Buffer.alloc(0) };
          const bytes = input.type === 'number' ? Buffer.from(Float64Array.from(values, Number).buffer) : Buffer.concat(values.flatMap((text) => [lengthOf(Buffer.byteLength(String(text))), Buffer.from(String(text))]));
          return { text: `{${head},"parameters":{"binary_data_size":${bytes.length}}}`, bytes };
        });
      }),
    ),
  );
}

/** Infer requests: from right ones to those whose shapes, sizes and lengths lie. */
export function inferBodies(card: Pick<ModelCard, 'inputs'>): fc.Arbitrary<FuzzBody> {
  const request = fc.integer({ min: 1, max: 6 }).chain((rows) =>
    fc.record({
      tensors: fc.oneof({ weight: 4, arbitrary: goodTensors(card) }, { weight: 9, arbitrary: fc.uniqueArray(tensor(card.inputs, rows), { maxLength: card.inputs.length, selector: ({ text }) => text.slice(0, 12) }) }, { weight: 1, arbitrary: fc.array(tensor(card.inputs, rows), { maxLength: 3 }) }),
      outputs: outputsText,
      lie: fc.oneof({ weight: 10, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -50, max: 50 }) }),
      tail: fc.oneof({ weight: 15, arbitrary: fc.constant(Buffer.alloc(0)) }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)) }),
      withLength: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
    }),
  );
  return request.map(({ tensors, outputs, lie, tail, withLength }) => {
    const json = Buffer.from(`{"inputs":[${tensors.map(({ text }) => text).join(',')}]${outputs}}`);
    const headers = withLength ? { [JSON_LENGTH_HEADER]: String(json.length + lie), 'content-type': 'application/octet-stream' } : {};
    return { kind: 'V2 infer', protocol: 'V2', body: Buffer.concat([json, ...tensors.map(({ bytes }) => bytes), tail]), headers };
  });
}
