import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { WrongMethod } from '../http/express-app.ts';
import type { Route } from '../http/express-app.ts';
import type { ServingModel } from '../serving/serving-model.ts';
import type { Feedback } from './feedback.ts';

/** The colon as it is, and as careful clients write it. */
const PATHS = ['/v1/models/:name\\:feedback', '/v1/models/:name%3Afeedback'] as const;

/** `POST /v1/models/<name>:feedback`; without `feedback` it answers that the pod takes none. Described by openapi.ts, as `:predict` is. */
export function feedbackRoutes(model: Pick<ServingModel, 'name'>, feedback: Pick<Feedback, 'take'> | undefined): readonly Route[] {
  return PATHS.map((path) => ({
    method: 'POST',
    path,
    summary: 'What happened to customers; answered once the object store has it.',
    reply: async ({ name }, method, request) => {
      if (name !== model.name) throw new ChurnOpsError('ModelNotFound', 'This pod does not serve that model.');
      if (method !== 'POST') throw new WrongMethod(['POST']);
      if (feedback === undefined) throw new ChurnOpsError('FeedbackUnavailable', 'This pod was given no object store to keep labels in.');
      return { status: 200, json: await feedback.take(request) };
    },
  }));
}
