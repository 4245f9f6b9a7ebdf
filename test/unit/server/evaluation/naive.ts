/** AUC, DeLong's variance and covariance straight from the definition: every positive against every negative. */
export function naivePair(positive: readonly boolean[], stable: readonly number[], candidate: readonly number[]) {
  const a = placements(positive, stable);
  const b = placements(positive, candidate);
  const difference = b.auc - a.auc;
  return {
    stable: { value: a.auc, variance: covariance(a, a) },
    candidate: { value: b.auc, variance: covariance(b, b) },
    difference: { value: difference, variance: covariance(a, a) + covariance(b, b) - 2 * covariance(a, b) },
  };
}

type Placements = Readonly<{ auc: number; ofPositives: readonly number[]; ofNegatives: readonly number[] }>;

function psi(x: number, y: number): number {
  return x > y ? 1 : x === y ? 0.5 : 0;
}

function placements(positive: readonly boolean[], scores: readonly number[]): Placements {
  const xs = scores.filter((_, at) => positive[at]);
  const ys = scores.filter((_, at) => !positive[at]);
  const ofPositives = xs.map((x) => mean(ys.map((y) => psi(x, y))));
  const ofNegatives = ys.map((y) => mean(xs.map((x) => psi(x, y))));
  return { auc: mean(ofPositives), ofPositives, ofNegatives };
}

function covariance(a: Placements, b: Placements): number {
  const part = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, value, at) => sum + (value - a.auc) * ((y[at] ?? 0) - b.auc), 0) / (x.length - 1) / x.length;
  return part(a.ofPositives, b.ofPositives) + part(a.ofNegatives, b.ofNegatives);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
