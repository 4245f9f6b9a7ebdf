/** A label that `:feedback` acknowledged: what it is about, and when the answer came. */
export type Acknowledged = Readonly<{ id: string; observedAt: string; label: boolean; atMs: number }>;

/** A prediction that a caller has. */
export type Answered = Readonly<{ id: string; atMs: number }>;

/** What is not in the store, of what should be. */
export type Loss = Readonly<{
  /** Acknowledged and not there. */
  labels: readonly Acknowledged[];
  /** Answered and not there. */
  predictions: readonly Answered[];
  /** Those of them that no death explains: answered longer before one than what a process holds. */
  unexplained: readonly Answered[];
  /** Records that came more than once, of each kind. */
  repeatedPredictions: number;
  repeatedLabels: number;
}>;

type StoredLabel = Readonly<{ id?: string | undefined; observedAt: string; label: boolean }>;

/**
 * Compares what callers were told with what the store has.
 * @param input.deathsMs when a process was killed that could not ship
 * @param input.heldMs how long a process may hold a prediction before it is on its pod's volume, with what a busy machine adds
 */
export function lossOf(input: Readonly<{ acknowledged: readonly Acknowledged[]; answered: readonly Answered[]; labels: readonly StoredLabel[]; predictions: readonly Readonly<{ id: string }>[]; deathsMs: readonly number[]; heldMs: number }>): Loss {
  const { acknowledged, answered, deathsMs, heldMs } = input;
  // The instant may be written in another form; what it means counts.
  const keyOf = ({ id, observedAt, label }: StoredLabel): string => JSON.stringify([id, Date.parse(observedAt), label]);
  const labels = new Set(input.labels.map(keyOf));
  const predictions = new Set(input.predictions.map(({ id }) => id));
  const lost = answered.filter(({ id }) => !predictions.has(id));
  return {
    labels: acknowledged.filter((label) => !labels.has(keyOf(label))),
    predictions: lost,
    unexplained: lost.filter(({ atMs }) => !deathsMs.some((deathMs) => atMs <= deathMs && atMs >= deathMs - heldMs)),
    repeatedPredictions: input.predictions.length - predictions.size,
    repeatedLabels: input.labels.length - labels.size,
  };
}
