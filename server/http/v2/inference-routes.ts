import { ChurnOpsError } from '../../../contracts/error-catalogue.ts';
import { EXTENSIONS, OUTPUT_DATATYPES, outputNames } from '../../../contracts/inference.ts';
import type { ModelMetadata, RepositoryIndex, ServerMetadata } from '../../../contracts/inference.ts';
import { VERSION } from '../../../contracts/version.ts';
import type { ServingModel, ServingState } from '../../serving/serving-model.ts';
import { WrongMethod } from '../express-app.ts';
import type { Reply, Route } from '../express-app.ts';

/** How Triton names an ONNX graph. */
const PLATFORM = 'onnx_onnxv1';
/** What the protocol's own document tells of a text column beside BYTES: MLServer's codec. */
const TEXT = { content_type: 'str' } as const;
const ANY_ROWS = -1;

type Parameters = Readonly<Record<string, string>>;

/** Routes of the Open Inference Protocol beside infer itself. */
export function inferenceRoutes(model: ServingModel, state: () => ServingState): readonly Route[] {
  const assertServed = ({ name, version }: Parameters): void => {
    if (name !== model.name) throw new ChurnOpsError('ModelNotFound', 'This pod does not serve that model.');
    if (version !== undefined && version !== model.version) throw new ChurnOpsError('VersionNotServed', 'This pod serves another version of the model.');
  };
  const assertReady = (): void => {
    if (state() !== 'Ready') throw new ChurnOpsError('NotReady', state() === 'Draining' ? 'The pod is shutting down.' : 'The package is being loaded and checked.');
  };
  const metadata = modelMetadata(model);
  const server: ServerMetadata = { name: 'churnops', version: VERSION, extensions: [...EXTENSIONS] };
  const ofModel = (path: string, route: Omit<Route, 'path' | 'reply'> & Readonly<{ reply: (method: string) => Reply }>): readonly Route[] =>
    ['', '/versions/:version'].map((version) => ({
      ...route,
      ...(route.operation === undefined ? {} : { operation: { ...route.operation, id: route.operation.id + (version === '' ? '' : 'OfVersion') } }),
      path: `/v2/models/:name${version}${path}`,
      reply: (parameters, method) => {
        assertServed(parameters);
        return route.reply(method);
      },
    }));
  return [
    { path: '/v2', summary: 'What this server is.', operation: { id: 'serverMetadata', answer: 'ServerMetadata' }, reply: () => json(server) },
    { path: '/v2/health/live', summary: 'Whether the process answers.', operation: { id: 'serverLive', answer: 'Live' }, reply: () => json({ live: true }) },
    {
      path: '/v2/health/ready',
      summary: 'Whether callers should come here.',
      operation: { id: 'serverReady', answer: 'Ready' },
      reply: () => {
        assertReady();
        return json({ ready: true });
      },
    },
    { path: '/v2/models', summary: 'The model that is served.', operation: { id: 'inferenceModels', answer: 'InferenceModels' }, reply: () => json({ models: [model.name] }) },
    ...ofModel('', { summary: 'Tensors of the model.', operation: { id: 'modelMetadata', answer: 'ModelMetadata' }, reply: () => json(metadata) }),
    ...ofModel('/ready', {
      summary: 'Whether callers should come here for this model and version.',
      operation: { id: 'modelReady', answer: 'ModelReady' },
      reply: () => {
        assertReady();
        return json({ name: model.name, ready: true });
      },
    }),
    ...ofModel('/infer', {
      summary: 'Scores rows; see the POST.',
      reply: (method) => {
        if (method !== 'POST') throw new WrongMethod(['POST']);
        throw new ChurnOpsError('NotFound', 'There is nothing at this path.');
      },
    }),
    { method: 'POST', path: '/v2/repository/index', summary: 'The model that is served, as a repository.', operation: { id: 'repositoryIndex', answer: 'RepositoryIndex' }, reply: () => json(repositoryIndex(model, state())) },
    ...['load', 'unload'].map((verb): Route => ({
      method: 'POST',
      path: `/v2/repository/models/:name/${verb}`,
      summary: 'Not possible: the ChurnModel says what is served.',
      reply: () => {
        throw new ChurnOpsError('Unsupported', 'What is served is said by the ChurnModel, not by its callers.');
      },
    })),
  ];
}

function json(value: unknown): Reply {
  return { status: 200, json: value };
}

function modelMetadata({ name, version, card, experiment }: ServingModel): ModelMetadata {
  return {
    name,
    versions: [version],
    platform: PLATFORM,
    inputs: card.inputs.map((input) =>
      input.type === 'number'
        ? { name: input.name, datatype: 'FP32', shape: [ANY_ROWS, 1] }
        : { name: input.name, datatype: 'BYTES', shape: [ANY_ROWS, 1], parameters: TEXT },
    ),
    outputs: outputNames(experiment !== undefined).map((output) => {
      const datatype = OUTPUT_DATATYPES[output];
      return { name: output, datatype, shape: [ANY_ROWS], ...(datatype === 'BYTES' ? { parameters: TEXT } : {}) };
    }),
  };
}

const STATES = { Ready: 'READY', Loading: 'LOADING', Draining: 'UNLOADING' } as const satisfies Record<ServingState, RepositoryIndex[number]['state']>;

function repositoryIndex({ name, version }: ServingModel, state: ServingState): RepositoryIndex {
  return [{ name, version, state: STATES[state], reason: state === 'Draining' ? 'The pod is shutting down.' : '' }];
}
