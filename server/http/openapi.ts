import { ERROR_CATALOGUE } from '../../contracts/error-catalogue.ts';
import type { ErrorCode } from '../../contracts/error-catalogue.ts';
import { JSON_LENGTH_HEADER } from '../../contracts/inference.ts';
import { HEADERS } from '../../contracts/names.ts';
import type { ServingModel } from '../serving/serving-model.ts';
import { shapeOf } from './answers.ts';
import type { Route } from './express-app.ts';
import type { JsonSchema } from './instance-schema.ts';
import { FEEDBACK_ERRORS, INFER_ERRORS, PREDICT_ERRORS } from './openapi-errors.ts';
import { componentSchemas } from './openapi-schemas.ts';

const REQUEST_ID = { name: 'x-request-id', in: 'header', required: false, schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$' }, description: 'Comes back in the answer and in logs; made up where it is missing or has other characters.' };
const COMPRESSION = 'A body may be compressed (Content-Encoding: gzip or deflate), and is answered likewise where Accept-Encoding asks for it.';
/** Only in words: as further content types they would make generated clients unsure of what they get. */
const BINARY_TENSORS = `Tensors may also be binary (extension binary_tensor_data): behind the JSON, whose length stands in the header ${JSON_LENGTH_HEADER}.`;

/** Headers of a prediction's answer. */
const ANSWER_HEADERS = {
  [HEADERS.role]: {
    description: 'While a new version earns traffic: the roles of the predictions, where not all are stable. Each prediction names its own.',
    schema: { type: 'string', examples: ['candidate', 'stable, candidate', 'fallback'] },
  },
} as const;

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

function predict(): JsonSchema {
  return {
    post: {
      summary: 'Probability and decision for each customer, in order.',
      description: COMPRESSION,
      operationId: 'predict',
      parameters: [REQUEST_ID],
      requestBody: { required: true, content: body('PredictRequest') },
      responses: { '200': { description: 'One prediction per instance.', headers: ANSWER_HEADERS, content: body('PredictResponse') }, ...errorAnswers(PREDICT_ERRORS, '/v1') },
    },
  };
}

function feedback(): JsonSchema {
  return {
    post: {
      summary: 'What happened to customers; answered once the object store has it.',
      description: `All labels of a request are stored, or none. A label that is sent twice counts once. ${COMPRESSION}`,
      operationId: 'feedback',
      parameters: [REQUEST_ID],
      security: [{ feedbackToken: [] }],
      requestBody: { required: true, content: body('FeedbackRequest') },
      responses: { '200': { description: 'The object store has all labels of the request.', content: body('FeedbackResponse') }, ...errorAnswers(FEEDBACK_ERRORS, '/v1') },
    },
  };
}

function infer(operationId: string): JsonSchema {
  return {
    post: {
      summary: 'Probability and decision for each row, as the Open Inference Protocol wants it: a tensor for each column.',
      description: `${BINARY_TENSORS} ${COMPRESSION}`,
      operationId,
      parameters: [REQUEST_ID],
      requestBody: { required: true, content: body('InferRequest') },
      responses: { '200': { description: 'A tensor for each output.', headers: ANSWER_HEADERS, content: body('InferResponse') }, ...errorAnswers(INFER_ERRORS, '/v2') },
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
      [`/v1/models/${name}:predict`]: predict(),
      [`/v1/models/${name}:feedback`]: feedback(),
      [`/v2/models/${name}/infer`]: infer('inferTensors'),
      [`/v2/models/${name}/versions/{version}/infer`]: { parameters: [{ name: 'version', in: 'path', required: true, schema: { type: 'string' } }], ...infer('inferTensorsOfVersion') },
      ...Object.fromEntries(routes.flatMap((route) => pathItem(route, name))),
    },
    components: {
      schemas: componentSchemas(card),
      securitySchemes: { feedbackToken: { type: 'http', scheme: 'bearer', description: 'The token in the Secret <model>-feedback.' } },
    },
  };
}

/** `GET /openapi.json`. */
export function openApiRoute(model: ServingModel, routes: readonly Route[]): Route {
  const own = { path: '/openapi.json', summary: 'This description.', operation: { id: 'getOpenApi', answer: 'Document' } } as const;
  const document = openApi(model, [...routes, { ...own, reply: () => ({ status: 200, json: {} }) }]);
  return { ...own, reply: () => ({ status: 200, json: document }) };
}
