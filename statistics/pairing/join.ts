import { exclusionOf, isBeforeWindow, isInHorizon, laterLabel } from './rules.ts';
import type { Exclusion, JoinableLabel, JoinablePrediction, JoinRules } from './rules.ts';

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

/** Samples in the order of their prediction ids, and what became of the rest. */
export type Joined = Readonly<{ samples: readonly PairedSample[]; counts: JoinCounts }>;

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

/**
 * Joins predictions with labels (DESIGN section 3.3), in memory. What joins a whole journal (server/evaluation) is tested to give the same.
 *
 * One observation a customer: the latest matured prediction. Its outcome is that of the last label that names it, or names its customer within
 * its horizon; without one, that of the last label within its horizon that names another prediction of the customer: who is known to have
 * left is not silent. Silence means "did not happen".
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
