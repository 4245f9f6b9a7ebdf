/**
 * Published values of R's pROC 1.18.0 (R 4.2.2; `auc`, `var`, `ci`, `cov`, `roc.test`, method "delong").
 * The tiny set was made for this purpose. aSAH (Turck et al. 2010; Robin et al. 2011, BMC Bioinformatics 12:77) comes with pROC: its values are here,
 * its rows are not; the claim `oracles` reads them from an installed pROC.
 */
export const TINY = {
  positive: [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0],
  a: [0.1, 0.2, 0.2, 0.35, 0.4, 0.6, 0.35, 0.55, 0.7, 0.8, 0.9, 0.65],
  b: [0.3, 0.1, 0.2, 0.5, 0.45, 0.5, 0.4, 0.5, 0.6, 0.6, 0.95, 0.2],
} as const;

/** One ROC curve: 95 % intervals, two-sided. */
export type PublishedCurve = Readonly<{ auc: number; variance: number; interval: readonly [number, number]; logitInterval: readonly [number, number] }>;

/** Two on the same rows: first minus second. */
export type PublishedPair = Readonly<{ first: string; second: string; covariance: number; z: number; p: number; differenceInterval: readonly [number, number] }>;

export const TINY_CURVES: Readonly<Record<'a' | 'b', PublishedCurve>> = {
  a: { auc: 0.842857142857143, variance: 0.0151020408163265, interval: [0.601996461332822, 1], logitInterval: [0.465337058941853, 0.970635338193822] },
  b: { auc: 0.885714285714286, variance: 0.01, interval: [0.68971788726028, 1], logitInterval: [0.527830729891526, 0.981728056242907] },
};

export const TINY_PAIR: PublishedPair = { first: 'a', second: 'b', covariance: 0.00979591836734694, z: -0.577350269189627, p: 0.563702861650772, differenceInterval: [-0.188346737238365, 0.102632451524079] };

/** scikit-learn 1.2.1 on TINY, column a; ECE over ten bins of equal width that hold their lower edge. */
export const TINY_CALIBRATION = { brier: 0.16, logLoss: 0.48268392922354914, expectedCalibrationError: 0.29166666666666663 } as const;

/** 41 "Poor" and 72 others. */
export const ASAH_CURVES: Readonly<Record<'s100b' | 'wfns' | 'ndka', PublishedCurve>> = {
  s100b: { auc: 0.731368563685637, variance: 0.00266868245717244, interval: [0.630118211761623, 0.832618915609651], logitInterval: [0.619216938992709, 0.820085749913473] },
  wfns: { auc: 0.823678861788618, variance: 0.00146991470882363, interval: [0.748534887819453, 0.898822835757783], logitInterval: [0.735764096647305, 0.886841844332612] },
  ndka: { auc: 0.611957994579946, variance: 0.0031908105493913, interval: [0.501244999271703, 0.722670989888189], logitInterval: [0.497330565621015, 0.715404233940336] },
};

export const ASAH_PAIRS: readonly PublishedPair[] = [
  { first: 's100b', second: 'wfns', covariance: 0.00119615567376754, z: -2.20898359144091, p: 0.0271757822291882, differenceInterval: [-0.174214419249478, -0.0104061769564846] },
  { first: 's100b', second: 'ndka', covariance: -0.000756164938056579, z: 1.39077002573558, p: 0.164295175223054, differenceInterval: [-0.0488706064228094, 0.287691744634191] },
  { first: 'wfns', second: 'ndka', covariance: -0.000532967856762438, z: 2.79777591868904, p: 0.00514557970691098, differenceInterval: [0.0634011709339876, 0.360040563483357] },
];
