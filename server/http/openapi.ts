import { z } from 'zod';
import { ERROR_CATALOGUE } from '../../contracts/error-catalogue.ts';
import type { ErrorCode } from '../../contracts/error-catalogue.ts';
import type { ModelCard } from '../../contracts/model-card.ts';
import { MAX_ROWS, PredictResponse } from '../../contracts/prediction.ts';
import type { Route } from './express-app.ts';
import { instanceSchema } from './instance-schema.ts';
import type { JsonSchema } from './instance-schema.ts';

/** Codes that `:predict` can answer with. */
export const PREDICT_ERRORS = [
  'InvalidJson', 'InvalidRequest', 'RequestTimeout', 'TooManyRows', 'BodyTooLarge', 'UnsupportedMediaType', 'InvalidInstance', 'ScoringFailed', 'Internal', 'Overloaded',
] as const satisfies readonly ErrorCode[];

function zodSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12' });
  return rest;
}

const REQUEST_ID = { name: 'x-request-id', in: 'header', required: false, schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$' }, description: 'Comes back in the answer and in logs; made up where it is missing or has other characters.' };

function errorAnswers(codes: readonly ErrorCode[]): JsonSchema {
  const statuses = [...new Set(codes.map((code) => ERROR_CATALOGUE[code].status))].toSorted((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      {
        description: codes.filter((code) => ERROR_CATALOGUE[code].status === status).join(', '),
        ...(status === 503 ? { headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds to wait.' } } } : {}),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    ]),
  );
}

const ERROR_SCHEMA = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', enum: Object.keys(ERROR_CATALOGUE), description: 'Stable; see docs/reference/errors.md.' },
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

function pathItem(route: Route): JsonSchema {
  const parameters = [...route.path.matchAll(/:(\w+)/g)].map((match) => ({ name: match[1], in: 'path', required: true, schema: { type: 'string' } }));
  return {
    ...(parameters.length === 0 ? {} : { parameters }),
    get: { summary: route.summary, responses: { '200': { description: 'OK', content: { 'application/json': { schema: { type: 'object' } } } }, ...errorAnswers(['ModelNotFound', 'MethodNotAllowed']) } },
  };
}

/** OpenAPI 3.1 description of the data port of one model. */
export function openApi(model: string, version: string, card: ModelCard, routes: readonly Route[]): JsonSchema {
  const others = routes.map((route): [string, JsonSchema] => [route.path.replaceAll(/:(\w+)/g, '{$1}'), pathItem(route)]);
  return {
    openapi: '3.1.0',
    info: { title: `ChurnOps: ${model}`, version, description: card.description },
    paths: {
      [`/v1/models/${model}:predict`]: {
        post: {
          summary: 'Probability and decision for each customer, in order.',
          operationId: 'predict',
          parameters: [REQUEST_ID],
          requestBody: { required: true, content: { 'application/json': { schema: { $ref: '#/components/schemas/PredictRequest' } } } },
          responses: {
            '200': { description: 'One prediction per instance.', content: { 'application/json': { schema: { $ref: '#/components/schemas/PredictResponse' } } } },
            ...errorAnswers(PREDICT_ERRORS),
          },
        },
      },
      ...Object.fromEntries(others),
    },
    components: {
      schemas: {
        Instance: instanceSchema(card),
        PredictRequest: {
          type: 'object',
          required: ['instances'],
          properties: { instances: { type: 'array', minItems: 1, maxItems: MAX_ROWS, items: { $ref: '#/components/schemas/Instance' } } },
        },
        PredictResponse: zodSchema(PredictResponse),
        Error: ERROR_SCHEMA,
      },
    },
  };
}
