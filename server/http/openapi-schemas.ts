import { z } from 'zod';
import { FeedbackRequest, FeedbackResponse } from '../../contracts/feedback.ts';
import { InferError, InferRequest, InferResponse, ModelMetadata, RepositoryIndex, ServerMetadata } from '../../contracts/inference.ts';
import type { ModelCard } from '../../contracts/model-card.ts';
import { MAX_ROWS, PredictResponse } from '../../contracts/prediction.ts';
import { instanceSchema } from './instance-schema.ts';
import type { JsonSchema } from './instance-schema.ts';
import { DATA_PORT_ERRORS } from './openapi-errors.ts';

const ModelState = z.object({ name: z.string(), version: z.string(), ready: z.boolean() });
const Model = ModelState.extend({
  hash: z.string().describe('Candidate hash: identity of package and entity column.'),
  packageDigest: z.string().describe('sha256 of the model card.'),
  decisionThreshold: z.number().min(0).max(1),
  engine: z.string().describe('What scores: onnx or compiled.'),
  card: z.record(z.string(), z.unknown()).describe('Summary of the model card.'),
});

/** Answers of the routes beside predict and infer. */
const ANSWERS = {
  Alive: z.object({ status: z.string() }),
  Models: z.object({ models: z.array(ModelState) }),
  Model,
  Document: z.record(z.string(), z.unknown()),
  ServerMetadata,
  Live: z.object({ live: z.boolean() }),
  Ready: z.object({ ready: z.boolean() }),
  InferenceModels: z.object({ models: z.array(z.string()) }),
  ModelMetadata,
  ModelReady: z.object({ name: z.string(), ready: z.boolean() }),
  RepositoryIndex,
  FeedbackResponse,
} as const satisfies Record<string, z.ZodType>;

/** Name of a route's answer in openapi.json. */
export type AnswerName = keyof typeof ANSWERS;

const ERROR_SCHEMA = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', enum: DATA_PORT_ERRORS, description: 'Stable; see docs/reference/errors.md.' },
        message: { type: 'string', description: 'For people: what is wrong and what to do.' },
        details: {
          type: 'array',
          maxItems: 20,
          items: { type: 'object', required: ['path', 'message'], properties: { path: { type: 'string', examples: ['instances[3].tenure'] }, message: { type: 'string' } } },
        },
      },
    },
  },
} as const;

function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io });
  return rest;
}

/** The schemas of openapi.json, by name; those of one model, since an instance has its columns. */
export function componentSchemas(card: ModelCard): Readonly<Record<string, JsonSchema>> {
  // Generators would call the type by its title.
  const { title: _, ...instance } = instanceSchema(card);
  return {
    Instance: instance,
    PredictRequest: {
      type: 'object',
      required: ['instances'],
      properties: { instances: { type: 'array', minItems: 1, maxItems: MAX_ROWS, items: { $ref: '#/components/schemas/Instance' } } },
    },
    PredictResponse: jsonSchema(PredictResponse),
    Error: ERROR_SCHEMA,
    FeedbackRequest: jsonSchema(FeedbackRequest, 'input'),
    InferRequest: jsonSchema(InferRequest, 'input'),
    InferResponse: jsonSchema(InferResponse),
    InferError: jsonSchema(InferError),
    ...Object.fromEntries(Object.entries(ANSWERS).map(([name, schema]) => [name, jsonSchema(schema)])),
  };
}
