import { z } from 'zod';
import type { GateRule } from '../../../../statistics/gate.ts';

/** A thousand customers, each scored so many times: what would happen if scores were counted instead of customers. */
const Population = z.object({
  entities: z.int(),
  scorings: z.int(),
  /** Share of a score's variance that stays with the customer. */
  persistence: z.number(),
});

/** What the truth is, and how labels come. Sent to a thread as it is. */
export const Scenario = z.object({
  name: z.string(),
  /** True AUC of the candidate. */
  auc: z.number(),
  prevalence: z.number(),
  looks: z.int(),
  labelsPerLook: z.int(),
  /** True AUC of stable on the same customers, and the correlation of both scores within a class; without it there is no stable version. */
  stable: z.object({ auc: z.number(), correlation: z.number() }).optional(),
  population: Population.optional(),
});
export type Scenario = z.infer<typeof Scenario>;

/** How somebody may look. `Once`: at 1,000 labels, set beforehand. `UntilPass`: at every look, until one passes, whatever the others said. */
export const MANNERS = ['Anytime', 'LowerBoundOnce', 'LowerBoundUntilPass', 'PointOnce', 'PointUntilPass'] as const;
export type Manner = (typeof MANNERS)[number];

/** Where the ones that look once do. */
export const PRESET_LABELS = 1000;

/** The gate of every scenario: the defaults of the schema. */
export const GATE: Omit<GateRule, 'mode'> = { minAUC: 0.8, confidence: 0.95, maxRegression: 0.02, minPositives: 50, minNegatives: 50 };

const base = { looks: 100, labelsPerLook: 50 } as const;

/** Unpaired: the AUC's bound by itself, on `minAUC` and off it. */
export function aucScenario(offset: number, prevalence: number): Scenario {
  return { ...base, name: `AUC ${(GATE.minAUC + offset).toFixed(2)}, prevalence ${(100 * prevalence).toFixed(1)} %`, auc: GATE.minAUC + offset, prevalence };
}

/** Good enough, and worse than stable by exactly `maxRegression`. */
export const REGRESSION: Scenario = { ...base, name: 'AUC 0.84, stable 0.86', auc: 0.84, prevalence: 0.265, stable: { auc: 0.86, correlation: 0.9 } };

/** On the line, and every customer is scored fifty times: 500 scores a look. */
export function repeatedScenario(prevalence: number, persistence: number): Scenario {
  const name = `AUC ${GATE.minAUC.toFixed(2)}, customers scored 50 times, ${100 * persistence} % lasting, prevalence ${(100 * prevalence).toFixed(1)} %`;
  return { ...base, name, auc: GATE.minAUC, prevalence, labelsPerLook: 500, population: { entities: 1000, scorings: 50, persistence } };
}
