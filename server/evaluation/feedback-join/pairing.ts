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

/**
 * How the outcome is known: from a label of the prediction itself, or of its customer; from a label that names another prediction of the
 * same customer; or from silence.
 */
export type KnownBy = 'Label' | 'OtherPrediction' | 'Silence';

/** One observation: a customer (or, where nobody is named, a prediction), scored by both sides, and what happened. */
export type PairedSample = Readonly<{
  predictionId: string;
  entity: string | null;
  atMs: number;
  stable: number;
  /** NaN where no pair was asked for. */
  candidate: number;
  positive: boolean;
  knownBy: KnownBy;
}>;

/** What was read, and why it is no sample. */
export type JoinCounts = Readonly<{
  /** Distinct predictions. */
  predictions: number;
  excluded: Readonly<Record<Exclusion, number>>;
  /** Predictions that could be looked at, and are not, since there is a later one of the same customer. */
  superseded: number;
  /** Distinct labels, by id or customer and instant. */
  labels: number;
  /** Labels for which there is no prediction, though it would have been made within the window. */
  unmatched: number;
  /** Labels of predictions that were made before the window. */
  beforeWindow: number;
}>;
