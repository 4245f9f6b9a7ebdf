import { ratios, spreadOf, type Spread } from './figures.ts';
import type { BenchResult, Slice } from './bench.ts';
import { BASE, VARIANTS, type Variant } from './variant.ts';

/** A measure of a slice. */
export type Measure = 'p50' | 'p99' | 'cpu';

const READ: Readonly<Record<Measure, (slice: Slice) => number>> = {
  p50: ({ report }) => report.p50Ms,
  p99: ({ report }) => report.p99Ms,
  cpu: ({ usedUsPerCall }) => usedUsPerCall,
};

/** A variant over all rounds: each measure, and each over that of no rollout in the same round. */
export type Compared = Readonly<{
  variant: Variant;
  calls: number;
  failed: number;
  firstFailure: string | undefined;
  measures: Readonly<Record<Measure, Spread>>;
  ratios: Readonly<Record<Measure, Spread>>;
  waitedUsPerCall: number;
  coreShare: number;
  /** Rows of the candidate's share that stable answered in its place; copies that were not sent; the candidate's errors. */
  fallbacks: number;
  dropped: number;
  errors: number;
  problems: readonly string[];
}>;

function ofEach<Value>(take: (read: (slice: Slice) => number) => Value): Readonly<Record<Measure, Value>> {
  return { p50: take(READ.p50), p99: take(READ.p99), cpu: take(READ.cpu) };
}

/** All variants, in their order. */
export function compareVariants({ slices }: Pick<BenchResult, 'slices'>): readonly Compared[] {
  const of = (variant: Variant): readonly Slice[] => slices.filter((slice) => slice.variant === variant).toSorted((a, b) => a.round - b.round);
  const base = of(BASE);
  return VARIANTS.map((variant) => {
    const own = of(variant);
    const sum = (read: (slice: Slice) => number | undefined): number => own.reduce((total, slice) => total + (read(slice) ?? 0), 0);
    return {
      variant,
      calls: sum(({ report }) => report.calls),
      failed: sum(({ report }) => report.failed),
      firstFailure: own.find(({ report }) => report.firstFailure !== undefined)?.report.firstFailure,
      measures: ofEach((read) => spreadOf(own.map(read))),
      ratios: ofEach((read) => spreadOf(ratios(own.map(read), base.map(read)))),
      waitedUsPerCall: spreadOf(own.map((slice) => slice.waitedUsPerCall)).median,
      coreShare: spreadOf(own.map((slice) => slice.coreShare)).median,
      fallbacks: sum(({ traffic }) => traffic?.sides.candidate?.fallbacks),
      dropped: sum(({ traffic }) => traffic?.sides.candidate?.dropped),
      errors: sum(({ traffic }) => traffic?.sides.candidate?.errors),
      problems: own.flatMap(({ problem, round }) => (problem === undefined ? [] : [`round ${round + 1}: ${problem}`])),
    };
  });
}

/** One of them. */
export function comparedOf(all: readonly Compared[], variant: Variant): Compared {
  const found = all.find((each) => each.variant === variant);
  if (found === undefined) throw new RangeError(`${variant} was not measured`);
  return found;
}
