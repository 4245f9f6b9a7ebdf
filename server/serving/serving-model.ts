import type { ModelCard } from '../../contracts/model-card.ts';
import type { Experiment } from '../traffic/experiment.ts';

/**
 * Life of a serving process.
 * - Loading: the package is read, checked and warmed up; nothing is answered but health.
 * - Ready: requests are answered, the Service may select the pod.
 * - Draining: requests are still answered, with `Connection: close`; the Service should look elsewhere.
 */
export type ServingState = 'Loading' | 'Ready' | 'Draining';

/** Which model a pod serves, as people and operator name it. */
export type ServingModel = Readonly<{
  namespace: string;
  /** ChurnModel name. */
  name: string;
  version: string;
  /** Candidate hash. */
  hash: string;
  digest: string;
  /** The decision threshold in force: the manifest's, else the card's. */
  threshold: number;
  engine: string;
  card: ModelCard;
  /** The experiment that the manifest names; undefined: none. */
  experiment: Experiment | undefined;
}>;

/** The card without what is long: for `GET /v1/models/<name>`. */
export function cardSummary(card: ModelCard): Readonly<Record<string, unknown>> {
  return {
    name: card.name,
    version: card.version,
    description: card.description,
    createdAt: card.createdAt,
    labels: card.labels,
    entity: card.entity,
    threshold: card.threshold,
    test: card.test,
    testSet: card.testSet,
    inputs: card.inputs.map(({ name, type }) => ({ name, type })),
    estimator: card.training.estimator,
    warnings: card.warnings,
  };
}
