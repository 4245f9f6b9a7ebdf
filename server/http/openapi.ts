import { ERROR_CATALOGUE } from '../../contracts/error-catalogue.ts';
import type { ErrorCode } from '../../contracts/error-catalogue.ts';
import { JSON_LENGTH_HEADER } from '../../contracts/inference.ts';
import type { ServingModel } from '../serving/serving-model.ts';
import { shapeOf } from './answers.ts';
import type { Route } from './express-app.ts';
import type { JsonSchema } from './instance-schema.ts';
import { componentSchemas } from './openapi-schemas.ts';

const FROM_ANY_BODY = ['InvalidJson', 'InvalidEncoding', 'RequestTimeout', 'TooManyRows', 'BodyTooLarge', 'UnsupportedMediaType', 'ScoringFailed', 'Internal', 'Overloaded'] as const satisfies readonly ErrorCode[];

/** Codes that `:predict` can answer with. */
export const PREDICT_ERRORS = [...FROM_ANY_BODY, 'InvalidRequest', 'InvalidInstance'] as const satisfies readonly ErrorCode[];
/** Codes whose statuses and sentences infer can answer with. */
export const INFER_ERRORS = [...FROM_ANY_BODY, 'InvalidTensors', 'InvalidRequest', 'ModelNotFound', 'VersionNotServed', 'Unsupported'] as const satisfies readonly ErrorCode[];

const REQUEST_ID = { name: 'x-request-id', in: 'header', required: false, schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$' }, description: 'Comes back in the answer and in logs; made up where it is missing or has other characters.' };
const COMPRESSED = { name: 'content-encoding', in: 'header', required: false, schema: { type: 'string', enum: ['gzip', 'deflate'] }, description: 'How the body is compressed. Accept-Encoding asks for an answer likewise.' };
const JSON_LENGTH = { name: JSON_LENGTH_HEADER, in: 'header', required: false, schema: { type: 'integer' }, description: 'Bytes of JSON at the beginning of the body, where binary tensors follow (extension binary_tensor_data).' };
const BINARY = { 'application/octet-stream': { schema: { type: 'string', contentMediaType: 'application/octet-stream' } } };

function reference(schema: string): JsonSchema {
  return { $ref: `#/components/schemas/${schema}` };
}

function body(schema: string): JsonSchema {
  return { 'application/json': { schema: reference(schema) } };
}

function errorAnswers(codes: readonly ErrorCode[], path: string): JsonSchema {
  const statuses = [...new Set(codes.map((code) => ERROR_CATALOGUE[code].status))].toSorted((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      {
        description: codes.filter((code) => ERROR_CATALOGUE[code].status === status).join(', '),
        ...(status === 503 ? { headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'Seconds to wait.' } } } : {}),
        content: body(shapeOf(path) === 'V2' ? 'InferError' : 'Error'),
      },
    ]),
  );
}

const PREDICT = {
  post: {
    summary: 'Probability and decision for each customer, in order.',
    operationId: 'predict',
    parameters: [REQUEST_ID, COMPRESSED],
    requestBody: { required: true, content: body('PredictRequest') },
    responses: { '200': { description: 'One prediction per instance.', content: body('PredictResponse') }, ...errorAnswers(PREDICT_ERRORS, '/v1') },
  },
} as const;

function infer(operationId: string): JsonSchema {
  return {
    post: {
      summary: 'Probability and decision for each row, as the Open Inference Protocol wants it: a tensor for each column.',
      operationId,
      parameters: [REQUEST_ID, COMPRESSED, JSON_LENGTH],
      requestBody: { required: true, content: { ...body('InferRequest'), ...BINARY } },
      responses: { '200': { description: 'A tensor for each output.', content: { ...body('InferResponse'), ...BINARY } }, ...errorAnswers(INFER_ERRORS, '/v2') },
    },
  };
}

function pathItem(route: Route, model: string): readonly [string, JsonSchema][] {
  const { method, summary, operation } = route;
  if (operation === undefined) return [];
  // An OpenAPI document is one model's: its name stands in the paths.
  const path = route.path.replace(':name', model).replaceAll(/:(\w+)/g, '{$1}');
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map((match) => ({ name: match[1], in: 'path', required: true, schema: { type: 'string' } }));
  const errors: ErrorCode[] = ['MethodNotAllowed', 'Internal'];
  if (route.path.includes(':name')) errors.push('ModelNotFound');
  if (route.path.includes(':version')) errors.push('VersionNotServed');
  if (path.endsWith('/ready')) errors.push('NotReady');
  const responses = { '200': { description: 'OK', content: body(operation.answer) }, ...errorAnswers(errors, path) };
  return [[path, { ...(parameters.length === 0 ? {} : { parameters }), [method === 'POST' ? 'post' : 'get']: { summary, operationId: operation.id, responses } }]];
}

/** OpenAPI 3.1 description of the data port of one model. */
export function openApi({ name, version, card }: ServingModel, routes: readonly Route[]): JsonSchema {
  return {
    openapi: '3.1.0',
    info: { title: `ChurnOps: ${name}`, version, description: card.description },
    paths: {
      [`/v1/models/${name}:predict`]: PREDICT,
      [`/v2/models/${name}/infer`]: infer('infer'),
      [`/v2/models/${name}/versions/{version}/infer`]: { parameters: [{ name: 'version', in: 'path', required: true, schema: { type: 'string' } }], ...infer('inferVersion') },
      ...Object.fromEntries(routes.flatMap((route) => pathItem(route, name))),
    },
    components: { schemas: componentSchemas(card) },
  };
}

/** `GET /openapi.json`. */
export function openApiRoute(model: ServingModel, routes: readonly Route[]): Route {
  const own = { path: '/openapi.json', summary: 'This description.', operation: { id: 'getOpenApi', answer: 'Document' } } as const;
  const document = openApi(model, [...routes, { ...own, reply: () => ({ status: 200, json: {} }) }]);
  return { ...own, reply: () => ({ status: 200, json: document }) };
}
