import type { Exclusion, JoinCounts, JoinRules, PairedSample, Population } from '../../server/evaluation/feedback-join/pairing.ts';

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

/** Samples in the order of their prediction ids, and what became of the rest. */
export type Joined = Readonly<{ samples: readonly PairedSample[]; counts: JoinCounts }>;

/**
 * Joins predictions with labels (DESIGN section 3.3) in memory, rule by rule: what FeedbackDatabase.join, which does it in SQL on disk, is held to.
 */
export function joinFeedback(given: readonly JoinablePrediction[], labels: readonly JoinableLabel[], rules: JoinRules): Joined {
  const predictions = new Map(given.map((prediction) => [prediction.id, prediction]));
  const distinct = distinctLabels(labels);
  const index = indexLabels(distinct, predictions);
  const { chosen, eligible, excluded } = choose([...predictions.values()], rules);
  const samples = chosen.map((prediction) => sampleOf(prediction, index, rules)).toSorted((a, b) => (a.predictionId < b.predictionId ? -1 : 1));
  const unmatched = unmatchedLabels(index, [...predictions.values()], rules.horizonMs);
  const beforeWindow = unmatched.filter((label) => isBeforeWindow(label, rules.fromMs)).length;
  const counts = { predictions: predictions.size, excluded, superseded: eligible - chosen.length, labels: distinct.length, unmatched: unmatched.length - beforeWindow, beforeWindow };
  return { samples, counts };
}

function choose(predictions: readonly JoinablePrediction[], rules: JoinRules) {
  const excluded: Record<Exclusion, number> = { BeforeWindow: 0, NotMatured: 0, OtherVersion: 0, NoCandidateScore: 0, OutsidePopulation: 0 };
  const chosen = new Map<string, JoinablePrediction>();
  let eligible = 0;
  for (const prediction of predictions) {
    const exclusion = exclusionOf(prediction, rules);
    if (exclusion !== undefined) {
      excluded[exclusion] += 1;
      continue;
    }
    eligible += 1;
    const unit = prediction.entity === null ? `prediction ${prediction.id}` : `customer ${prediction.entity}`;
    const before = chosen.get(unit);
    chosen.set(unit, before === undefined ? prediction : later(before, prediction));
  }
  return { chosen: [...chosen.values()], eligible, excluded };
}

function later(a: JoinablePrediction, b: JoinablePrediction): JoinablePrediction {
  if (a.atMs !== b.atMs) return a.atMs > b.atMs ? a : b;
  return a.id > b.id ? a : b;
}

/** Of labels of the same at the same instant, the one that counts. */
function distinctLabels(labels: readonly JoinableLabel[]): readonly JoinableLabel[] {
  const found = new Map<string, JoinableLabel>();
  for (const label of labels) {
    const key = JSON.stringify([label.id ?? null, label.id === undefined ? label.entity : null, label.observedMs]);
    const before = found.get(key);
    found.set(key, before === undefined ? label : laterLabel(before, label));
  }
  return [...found.values()];
}

type LabelIndex = Readonly<{
  /** Labels that name a prediction that is known, by its id. */
  named: ReadonlyMap<string, readonly JoinableLabel[]>;
  /** The same, by the customer of that prediction. */
  namedOfCustomer: ReadonlyMap<string, readonly JoinableLabel[]>;
  /** Labels that name a customer and no prediction that is known. */
  ofCustomer: ReadonlyMap<string, readonly JoinableLabel[]>;
  /** Labels that name neither. */
  ofNobody: readonly JoinableLabel[];
}>;

function indexLabels(labels: readonly JoinableLabel[], predictions: ReadonlyMap<string, JoinablePrediction>): LabelIndex {
  const named = new Map<string, JoinableLabel[]>();
  const namedOfCustomer = new Map<string, JoinableLabel[]>();
  const ofCustomer = new Map<string, JoinableLabel[]>();
  const ofNobody: JoinableLabel[] = [];
  for (const label of labels) {
    const prediction = label.id === undefined ? undefined : predictions.get(label.id);
    if (prediction !== undefined) {
      append(named, prediction.id, label);
      if (prediction.entity !== null) append(namedOfCustomer, prediction.entity, label);
    } else if (label.entity !== undefined) append(ofCustomer, label.entity, label);
    else ofNobody.push(label);
  }
  return { named, namedOfCustomer, ofCustomer, ofNobody };
}

function append(map: Map<string, JoinableLabel[]>, key: string, label: JoinableLabel): void {
  const found = map.get(key);
  if (found === undefined) map.set(key, [label]);
  else found.push(label);
}

function sampleOf(prediction: JoinablePrediction, { named, namedOfCustomer, ofCustomer }: LabelIndex, { candidateHash, horizonMs }: JoinRules): PairedSample {
  const { id: predictionId, entity, atMs, stable } = prediction;
  const within = ({ observedMs }: JoinableLabel): boolean => isInHorizon(observedMs, atMs, horizonMs);
  const own = lastOf([...(named.get(predictionId) ?? []), ...(ofCustomer.get(entity ?? '') ?? []).filter(within)]);
  const other = own === undefined ? lastOf((namedOfCustomer.get(entity ?? '') ?? []).filter(within)) : undefined;
  const candidate = candidateHash === undefined ? Number.NaN : (prediction.candidate?.probability ?? Number.NaN);
  const knownBy = own === undefined ? (other === undefined ? 'Silence' : 'OtherPrediction') : 'Label';
  return { predictionId, entity, atMs, stable, candidate, positive: (own ?? other)?.positive ?? false, knownBy };
}

function lastOf(labels: readonly JoinableLabel[]): JoinableLabel | undefined {
  const [first, ...rest] = labels;
  return first === undefined ? undefined : rest.reduce(laterLabel, first);
}

function unmatchedLabels({ ofCustomer, ofNobody }: LabelIndex, predictions: readonly JoinablePrediction[], horizonMs: number): readonly JoinableLabel[] {
  const instants = new Map<string, number[]>();
  for (const { entity, atMs } of predictions) {
    if (entity === null || !ofCustomer.has(entity)) continue;
    instants.set(entity, [...(instants.get(entity) ?? []), atMs]);
  }
  const missed = [...ofCustomer].flatMap(([entity, labels]) => labels.filter(({ observedMs }) => !(instants.get(entity) ?? []).some((atMs) => isInHorizon(observedMs, atMs, horizonMs))));
  return [...ofNobody, ...missed];
}

/** Why a prediction is not looked at; undefined where it is. */
function exclusionOf(prediction: JoinablePrediction, rules: JoinRules): Exclusion | undefined {
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
function isInHorizon(observedMs: number, atMs: number, horizonMs: number): boolean {
  return observedMs >= atMs && observedMs <= atMs + horizonMs;
}

/** Whether a label without a prediction is about one that was made before the window, and so is missed by nobody. */
function isBeforeWindow({ predictedMs, observedMs }: JoinableLabel, fromMs: number): boolean {
  return (predictedMs ?? observedMs) < fromMs;
}

/**
 * Which of two labels of one prediction counts: the last one observed; of the same instant the last one received; and were that the same
 * too, the positive one, so that the order in which files are read decides nothing.
 */
function laterLabel(a: JoinableLabel, b: JoinableLabel): JoinableLabel {
  const order = a.observedMs - b.observedMs || a.receivedMs - b.receivedMs || Number(a.positive) - Number(b.positive);
  return order >= 0 ? a : b;
}
