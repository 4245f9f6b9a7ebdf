import { z } from 'zod';

/** Datatypes of the Open Inference Protocol (V2). */
export const DATATYPES = ['BOOL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64', 'FP16', 'FP32', 'FP64', 'BYTES'] as const;
export const Datatype = z.enum(DATATYPES);
export type Datatype = z.infer<typeof Datatype>;

/** Extensions of the protocol that the server speaks, as `GET /v2` lists them. */
export const EXTENSIONS = ['binary_tensor_data'] as const;

/** Head of a request or an answer with binary tensors: how many bytes of the body are JSON; the tensors follow in order. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';

/**
 * Tensors of an answer, each of shape [rows]: the fields of V1's predictions by the same names. `id` names a prediction, for feedback;
 * the `id` of the answer itself is the request's.
 */
export const OUTPUTS = { probability: 'FP64', decision: 'BOOL', label: 'BYTES', id: 'BYTES', version: 'BYTES', role: 'BYTES' } as const satisfies Record<string, Datatype>;

/**
 * One more where the model has an experiment. Tensors have no null: where V1's decision is null, `decision` is false; `arm` is control and
 * `label` empty there.
 */
export const EXPERIMENT_OUTPUTS = { arm: 'BYTES' } as const satisfies Record<string, Datatype>;

/** Datatypes of all tensors that an answer may have. */
export const OUTPUT_DATATYPES = { ...OUTPUTS, ...EXPERIMENT_OUTPUTS } as const;
export type OutputName = keyof typeof OUTPUT_DATATYPES;

/** The tensors that a model answers, in the order of an answer. */
export function outputNames(hasExperiment: boolean): readonly OutputName[] {
  return hasExperiment ? [...OUTPUT_NAMES, 'arm'] : OUTPUT_NAMES;
}

const OUTPUT_NAMES = ['probability', 'decision', 'label', 'id', 'version', 'role'] as const satisfies readonly OutputName[];

const Parameters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const Shape = z.array(z.int().min(0));

/** One column of a request. */
export const InferInput = z.object({
  name: z.string().describe('A raw column of the model; others are ignored.'),
  shape: Shape.describe('[rows] or [rows, 1], the same rows for every tensor.'),
  datatype: Datatype.describe('BYTES for a category; any other for a number.'),
  data: z.array(z.unknown()).optional().describe('Row by row, flat or nested; null where the value is unknown. Left out where the tensor is binary.'),
  parameters: Parameters.nullish().describe('binary_data_size: bytes of this tensor behind the JSON.'),
});

/** Body of `POST /v2/models/<name>/infer`. */
export const InferRequest = z.object({
  id: z.string().nullish().describe('Comes back in the answer; made up where it is missing.'),
  inputs: z.array(InferInput).min(1),
  outputs: z
    .array(z.object({ name: z.string(), parameters: Parameters.nullish().describe('binary_data: this tensor in binary.') }))
    .nullish()
    .describe('Tensors wanted, in this order; all where it is missing.'),
  parameters: Parameters.nullish().describe('binary_data_output: all tensors in binary.'),
});
export type InferRequest = z.infer<typeof InferRequest>;

/** Answer of `POST /v2/models/<name>/infer`. */
export const InferResponse = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string(),
  outputs: z.array(
    z.object({
      name: z.string(),
      datatype: Datatype,
      shape: Shape,
      data: z.array(z.union([z.string(), z.number(), z.boolean()])).optional().describe('Left out where the tensor is binary.'),
      parameters: Parameters.optional(),
    }),
  ),
});
export type InferResponse = z.infer<typeof InferResponse>;

const TensorMetadata = z.object({ name: z.string(), datatype: Datatype, shape: z.array(z.int()).describe('-1: any number of rows.'), parameters: Parameters.optional() });

/** Answer of `GET /v2/models/<name>`. */
export const ModelMetadata = z.object({ name: z.string(), versions: z.array(z.string()), platform: z.string(), inputs: z.array(TensorMetadata), outputs: z.array(TensorMetadata) });
export type ModelMetadata = z.infer<typeof ModelMetadata>;

/** Answer of `GET /v2`. */
export const ServerMetadata = z.object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) });
export type ServerMetadata = z.infer<typeof ServerMetadata>;

/** Answer of `POST /v2/repository/index`. */
export const RepositoryIndex = z.array(z.object({ name: z.string(), version: z.string(), state: z.enum(['READY', 'UNLOADING', 'LOADING']), reason: z.string() }));
export type RepositoryIndex = z.infer<typeof RepositoryIndex>;

/** Body of every error answer of V2. */
export const InferError = z.object({ error: z.string().describe('For people: what is wrong and what to do.') });
export type InferError = z.infer<typeof InferError>;
