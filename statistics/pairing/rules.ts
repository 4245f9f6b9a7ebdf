/** A prediction as labels are joined to it. Instants are epoch milliseconds. */
export type JoinablePrediction = Readonly<{
  id: string;
  /** The customer; null where nobody is named. */
  entity: string | null;
  atMs: number;
  /** Candidate hash of the version that answered, and its probability. */
  hash: string;
  stable: number;
  /** The candidate's half of the pair. */
  candidate: Readonly<{ hash: string; probability: number }> | undefined;
  /** As answered: null for the control group. */
  decision: boolean | null;
  arm: 'control' | 'treatment' | undefined;
}>;

/** A label as it is joined; it has `id`, `entity` or both. */
export type JoinableLabel = Readonly<{
  id?: string;
  /** When the prediction that `id` names was made, as the id itself tells. */
  predictedMs?: number;
  entity?: string;
  /** Whether the positive class is what happened. */
  positive: boolean;
  observedMs: number;
  receivedMs: number;
}>;

/** Whom the labels describe (`spec.labels.population`): everybody; whom the decision was yes for; the control group. */
export type Population = 'All' | 'Contacted' | 'Control';

/** Which predictions are looked at, and when silence is an answer. */
export type JoinRules = Readonly<{
  /** Pairs with this candidate; undefined: what the version itself scored, without a pair. */
  candidateHash: string | undefined;
  /** Only predictions that this version answered. */
  stableHash: string | undefined;
  /** Predictions made from this instant on. */
  fromMs: number;
  nowMs: number;
  /** A prediction is matured once it is as old; without a label it means "did not happen" then (`spec.labels.horizon`). */
  horizonMs: number;
  population: Population;
}>;

/** Why a prediction is not looked at. In this order: the first that holds is the reason. */
export type Exclusion = 'BeforeWindow' | 'NotMatured' | 'OtherVersion' | 'NoCandidateScore' | 'OutsidePopulation';

/** Why a prediction is not looked at; undefined where it is. */
export function exclusionOf(prediction: JoinablePrediction, rules: JoinRules): Exclusion | undefined {
  const { candidateHash, stableHash, fromMs, nowMs, horizonMs, population } = rules;
  if (prediction.atMs < fromMs) return 'BeforeWindow';
  if (prediction.atMs + horizonMs > nowMs) return 'NotMatured';
  if (stableHash !== undefined && prediction.hash !== stableHash) return 'OtherVersion';
  if (candidateHash !== undefined && prediction.candidate?.hash !== candidateHash) return 'NoCandidateScore';
  return isWithin(population, prediction) ? undefined : 'OutsidePopulation';
}

function isWithin(population: Population, { decision, arm }: JoinablePrediction): boolean {
  switch (population) {
    case 'All':
      return true;
    case 'Contacted':
      return decision === true;
    case 'Control':
      return arm === 'control';
  }
}

/** Whether what was seen then falls into a prediction's horizon: not before the prediction, not after the horizon's end. */
export function isInHorizon(observedMs: number, atMs: number, horizonMs: number): boolean {
  return observedMs >= atMs && observedMs <= atMs + horizonMs;
}

/** Whether a label without a prediction is about one that was made before the window, and so is missed by nobody. */
export function isBeforeWindow({ predictedMs, observedMs }: JoinableLabel, fromMs: number): boolean {
  return (predictedMs ?? observedMs) < fromMs;
}

/**
 * Which of two labels of one prediction counts: the last one observed; of the same instant the last one received; and were that the same
 * too, the positive one, so that the order in which files are read decides nothing.
 */
export function laterLabel(a: JoinableLabel, b: JoinableLabel): JoinableLabel {
  const order = a.observedMs - b.observedMs || a.receivedMs - b.receivedMs || Number(a.positive) - Number(b.positive);
  return order >= 0 ? a : b;
}
