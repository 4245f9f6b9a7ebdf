/** Nano is the smallest a Kubernetes quantity keeps. */
const nanoDigits = 9;

/** Value of each suffix as numerator and denominator. */
const suffixes: Readonly<Record<string, readonly [numerator: bigint, denominator: bigint]>> = {
  n: [1n, 1_000_000_000n],
  u: [1n, 1_000_000n],
  m: [1n, 1_000n],
  '': [1n, 1n],
  k: [1_000n, 1n],
  M: [1_000_000n, 1n],
  G: [1_000_000_000n, 1n],
  T: [1_000_000_000_000n, 1n],
  P: [1_000_000_000_000_000n, 1n],
  E: [1_000_000_000_000_000_000n, 1n],
  Ki: [1n << 10n, 1n],
  Mi: [1n << 20n, 1n],
  Gi: [1n << 30n, 1n],
  Ti: [1n << 40n, 1n],
  Pi: [1n << 50n, 1n],
  Ei: [1n << 60n, 1n],
};

const pattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE])([+-]?\d{1,2})|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)$/;

/**
 * A Kubernetes quantity ("500m", "1.5Gi", "1e3") in whole billionths; undefined for what is none.
 * Exact; what is finer than a billionth is rounded away from zero, as the API server does (resource.Quantity).
 */
export function parseQuantity(quantity: string | number): bigint | undefined {
  const [, sign, whole = '', fraction = '', exponentMark, exponent, suffix = ''] = pattern.exec(String(quantity)) ?? [];
  if (whole === '' && fraction === '') return undefined;
  const [numerator, denominator] = suffixes[suffix] ?? [1n, 1n];
  const power = nanoDigits - fraction.length + (exponentMark === undefined ? 0 : Number(exponent));
  const scaled = BigInt(`${whole}${fraction}`) * numerator * 10n ** BigInt(Math.max(power, 0));
  const divisor = denominator * 10n ** BigInt(Math.max(-power, 0));
  const rounded = (scaled + divisor - 1n) / divisor;
  return sign === '-' ? -rounded : rounded;
}

/** Whether both are quantities of one value: "0.5" and "500m", "1Gi" and "1024Mi". */
export function isSameQuantity(a: string | number, b: string | number): boolean {
  const left = parseQuantity(a);
  return left !== undefined && left === parseQuantity(b);
}

const MILLI = 1_000_000n;

/** The same for resources of a container: there the API server rounds up to thousandths, so that "0.0605" cores are kept as "61m". */
export function isSameResource(a: string | number, b: string | number): boolean {
  const [left, right] = [parseQuantity(a), parseQuantity(b)];
  return left !== undefined && right !== undefined && (left + MILLI - 1n) / MILLI === (right + MILLI - 1n) / MILLI;
}

/** A quantity as a number in base units (cores, bytes); undefined for what is none. For sums and prices, not for comparing. */
export function quantityNumber(quantity: string | number): number | undefined {
  const nano = parseQuantity(quantity);
  return nano === undefined ? undefined : Number(nano) / 1e9;
}
