import type { Arm } from '../../contracts/prediction.ts';
import { isWithin } from './share.ts';

/** The experiment of a model: a group of customers that is scored and not acted upon. */
export type Experiment = Readonly<{
  /** Salts the groups, so that they have nothing to do with those of another experiment, nor with the sides of a canary. */
  name: string;
  /** Share of customers in the control group, 0..100. */
  controlPercent: number;
}>;

/**
 * The group of a customer: the same in every pod, version and process. Undefined for rows that name nobody: a group that a customer is in at one time and not at another would prove nothing.
 */
export function armOf(experiment: Experiment, entity: string | undefined): Arm | undefined {
  if (entity === undefined) return undefined;
  return isWithin(experiment.controlPercent, experiment.name, entity) ? 'control' : 'treatment';
}
