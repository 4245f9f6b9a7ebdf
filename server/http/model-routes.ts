import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { cardSummary } from '../serving/serving-model.ts';
import type { ServingModel, ServingState } from '../serving/serving-model.ts';
import { WrongMethod } from './express-app.ts';
import type { Route } from './express-app.ts';
import { instanceSchema } from './instance-schema.ts';

const JSON_SCHEMA_DIALECT = 'https://json-schema.org/draft/2020-12/schema';

/** Routes of the data port beside `:predict`. */
export function modelRoutes(model: ServingModel, state: () => ServingState): readonly Route[] {
  const assertModel = (name: string | undefined): void => {
    if (name !== model.name) throw new ChurnOpsError('ModelNotFound', 'This pod does not serve that model.');
  };
  return [
    { path: '/', summary: 'Whether the process answers, as the KServe client asks in V1.', operation: { id: 'alive', answer: 'Alive' }, reply: () => ({ status: 200, json: { status: 'alive' } }) },
    {
      path: '/v1/models',
      summary: 'The model that is served.',
      operation: { id: 'listModels', answer: 'Models' },
      reply: () => ({ status: 200, json: { models: [{ name: model.name, version: model.version, ready: state() === 'Ready' }] } }),
    },
    {
      path: '/v1/models/:name',
      summary: 'Version, digest, threshold and a summary of the model card.',
      operation: { id: 'getModel', answer: 'Model' },
      reply: ({ name = '' }, method) => {
        const [modelName, verb] = name.split(':', 2);
        assertModel(modelName);
        if (verb === 'predict' && method !== 'POST') throw new WrongMethod(['POST']);
        if (verb !== undefined) throw new ChurnOpsError('NotFound', 'The model has no such action.');
        return {
          status: 200,
          json: {
            name: model.name,
            version: model.version,
            ready: state() === 'Ready',
            hash: model.hash,
            packageDigest: model.digest,
            decisionThreshold: model.threshold,
            engine: model.engine,
            card: cardSummary(model.card),
          },
        };
      },
    },
    {
      path: '/v1/models/:name/schema',
      summary: 'JSON Schema of one instance, with what missing and unseen values mean.',
      operation: { id: 'getInstanceSchema', answer: 'Document' },
      reply: ({ name }) => {
        assertModel(name);
        return { status: 200, json: { $schema: JSON_SCHEMA_DIALECT, ...instanceSchema(model.card) } };
      },
    },
  ];
}
