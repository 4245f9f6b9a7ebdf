import { ChurnOpsError } from '../../../contracts/error-catalogue.ts';
import { DATATYPES } from '../../../contracts/inference.ts';
import type { Datatype, OutputName } from '../../../contracts/inference.ts';
import { MAX_ROWS } from '../../../contracts/prediction.ts';
import { kindOf } from '../../validation/column-check.ts';
import { parseJson } from '../request-checks.ts';
import { nanAsNull } from './nan-literals.ts';

/** One tensor of a request, its values not looked at yet; of JSON there are as many as rows. */
export type Tensor = Readonly<{
  name: string;
  datatype: Datatype;
  /** MLServer's codec. */
  contentType: string | undefined;
  content: Readonly<{ json: readonly unknown[] } | { binary: Buffer }>;
}>;

/** A tensor that is to be answered. */
export type WantedOutput = Readonly<{ name: OutputName; binary: boolean }>;

/** A request whose form is right. */
export type ParsedInferRequest = Readonly<{ id: string | undefined; rows: number; tensors: readonly Tensor[]; outputs: readonly WantedOutput[] }>;

const KNOWN_DATATYPES: ReadonlySet<unknown> = new Set(DATATYPES);

/**
 * Reads the body of an infer request. Nothing is allocated by what a shape or a length says: they must agree with what is there.
 * @param jsonBytes how many bytes are JSON; undefined: all
 * @param available tensors that can be answered
 * @throws ChurnOpsError InvalidJson, InvalidTensors, TooManyRows, Unsupported; messages quote names, never values
 */
export function parseInferRequest(body: Buffer, jsonBytes: number | undefined, available: readonly OutputName[]): ParsedInferRequest {
  if (jsonBytes !== undefined && jsonBytes > body.length) throw wrong(`Inference-Header-Content-Length is ${jsonBytes}, and the body has ${body.length} bytes.`);
  const request = parseJson(body.subarray(0, jsonBytes), nanAsNull);
  if (!isRecord(request)) throw wrong(`The body is ${kindOf(request)}.`);
  const { id } = request;
  if (id !== undefined && id !== null && typeof id !== 'string') throw wrong(`"id" is ${kindOf(id)}, not a string.`);
  const { inputs } = request;
  if (!Array.isArray(inputs)) throw wrong(`"inputs" is ${kindOf(inputs)}, not an array.`);
  const binary = new BinaryPart(jsonBytes === undefined ? undefined : body.subarray(jsonBytes));
  const tensors = new Map<string, Tensor>();
  let rows: number | undefined;
  for (const [index, input] of inputs.entries()) {
    const { tensor, rows: own } = parseTensor(input, `inputs[${index}]`, binary);
    if (rows !== undefined && own !== rows) throw wrong(`inputs[${index}] has ${own} rows, and inputs[0] has ${rows}.`);
    if (tensors.has(tensor.name)) throw wrong(`Two inputs are named ${quoted(tensor.name)}.`);
    rows = own;
    tensors.set(tensor.name, tensor);
  }
  if (rows === undefined) throw wrong('"inputs" is empty.');
  binary.assertUsed();
  return { id: id ?? undefined, rows, tensors: [...tensors.values()], outputs: parseOutputs(request, available) };
}

function parseTensor(input: unknown, path: string, binary: BinaryPart): Readonly<{ tensor: Tensor; rows: number }> {
  if (!isRecord(input)) throw wrong(`${path} is ${kindOf(input)}, not an object.`);
  const { name, datatype } = input;
  if (typeof name !== 'string' || name === '') throw wrong(`${path}.name is ${kindOf(name)}.`);
  if (!isDatatype(datatype)) throw wrong(`${path}.datatype is none of ${DATATYPES.join(', ')}.`);
  const rows = rowsOf(input.shape, path);
  const parameters = parametersOf(input, path);
  if (parameters.shared_memory_region !== undefined) throw new ChurnOpsError('Unsupported', 'This server shares no memory with its callers.');
  const { content_type: contentType, binary_data_size: sizeBytes } = parameters;
  if (sizeBytes !== undefined && input.data !== undefined) throw wrong(`${path} has both data and binary_data_size.`);
  const content = sizeBytes === undefined ? { json: jsonValues(input.data, rows, path) } : { binary: binary.take(sizeBytes, path) };
  return { tensor: { name, datatype, content, contentType: typeof contentType === 'string' ? contentType : undefined }, rows };
}

/** Rows of shape [rows], [rows, 1]. */
function rowsOf(shape: unknown, path: string): number {
  if (!Array.isArray(shape)) throw wrong(`${path}.shape is ${kindOf(shape)}, not an array.`);
  const [rows, width]: readonly unknown[] = shape;
  const isShape = typeof rows === 'number' && Number.isSafeInteger(rows) && rows >= 0 && shape.length <= 2 && (shape.length === 1 || width === 1);
  if (!isShape) throw wrong(`${path}.shape is neither [rows] nor [rows, 1]: a tensor is one column.`);
  if (rows === 0) throw wrong(`${path} has no rows.`);
  if (rows > MAX_ROWS) throw new ChurnOpsError('TooManyRows', `${path} has ${rows} rows.`);
  return rows;
}

/** Values of `data`, flat: [1, 2] as it is, [[1], [2]] unpacked. */
function jsonValues(data: unknown, rows: number, path: string): readonly unknown[] {
  if (!Array.isArray(data)) throw wrong(`${path}.data is ${kindOf(data)}, not an array${data === undefined ? ', and parameters.binary_data_size is missing' : ''}.`);
  if (data.length !== rows) throw wrong(`${path}.data has ${data.length} values, and its shape says ${rows}.`);
  const flat: unknown[] = [];
  for (const value of data) {
    if (!Array.isArray(value)) flat.push(value);
    else if (value.length === 1) flat.push(value[0]);
    else throw wrong(`${path}.data[${flat.length}] has ${value.length} values: a tensor is one column.`);
  }
  return flat;
}

function parseOutputs(request: Readonly<Record<string, unknown>>, available: readonly OutputName[]): readonly WantedOutput[] {
  const all = parametersOf(request, 'The request').binary_data_output === true;
  const { outputs } = request;
  if (outputs === undefined || outputs === null) return available.map((name) => ({ name, binary: all }));
  if (!Array.isArray(outputs)) throw wrong(`"outputs" is ${kindOf(outputs)}, not an array.`);
  if (outputs.length === 0) return available.map((name) => ({ name, binary: all }));
  const wanted = new Map<OutputName, WantedOutput>();
  for (const [index, output] of outputs.entries()) {
    const path = `outputs[${index}]`;
    if (!isRecord(output)) throw wrong(`${path} is ${kindOf(output)}, not an object.`);
    const name = available.find((each) => each === output.name);
    if (name === undefined) throw wrong(`${path}.name is none of ${available.join(', ')}.`);
    if (wanted.has(name)) throw wrong(`${path} asks for ${name} again.`);
    const parameters = parametersOf(output, path);
    if (parameters.classification !== undefined || parameters.shared_memory_region !== undefined) throw new ChurnOpsError('Unsupported', `${path} asks for classification or shared memory.`);
    wanted.set(name, { name, binary: typeof parameters.binary_data === 'boolean' ? parameters.binary_data : all });
  }
  return [...wanted.values()];
}

function parametersOf(holder: Readonly<Record<string, unknown>>, path: string): Readonly<Record<string, unknown>> {
  const { parameters } = holder;
  if (parameters === undefined || parameters === null) return {};
  if (!isRecord(parameters)) throw wrong(`${path} has parameters that are ${kindOf(parameters)}, not an object.`);
  return parameters;
}

/** What follows the JSON: the binary tensors, one after the other, with nothing left. */
class BinaryPart {
  readonly #bytes: Buffer | undefined;
  #at = 0;

  constructor(bytes: Buffer | undefined) {
    this.#bytes = bytes;
  }

  take(sizeBytes: unknown, path: string): Buffer {
    if (this.#bytes === undefined) throw wrong(`${path} is binary, and the header Inference-Header-Content-Length is missing.`);
    if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw wrong(`${path}.parameters.binary_data_size is no number of bytes.`);
    const left = this.#bytes.length - this.#at;
    if (sizeBytes > left) throw wrong(`${path}.parameters.binary_data_size is ${sizeBytes}, and ${left} bytes are left.`);
    this.#at += sizeBytes;
    return this.#bytes.subarray(this.#at - sizeBytes, this.#at);
  }

  assertUsed(): void {
    const left = (this.#bytes?.length ?? 0) - this.#at;
    if (left > 0) throw wrong(`${left} bytes behind the JSON belong to no tensor.`);
  }
}

/** The error for tensors that cannot be. */
export function wrong(message: string): ChurnOpsError {
  return new ChurnOpsError('InvalidTensors', message);
}

const MAX_QUOTED = 64;

/** A name from outside, for a message. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > MAX_QUOTED ? `${name.slice(0, MAX_QUOTED)}...` : name);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDatatype(value: unknown): value is Datatype {
  return KNOWN_DATATYPES.has(value);
}
