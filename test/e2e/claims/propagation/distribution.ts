import { quantile } from '../../load/tally.ts';
import type { Spread } from './change.ts';

/** A line of the distribution: seconds. */
export type Quantiles = Readonly<{ p50: number; p95: number; worst: number }>;

/** How long decisions took, in three parts. */
export type Distribution = Readonly<{ changes: number; written: Quantiles; noticed: Quantiles; inAll: Quantiles }>;

/** From the decision to the last pod's annotation, from there to the last pod that follows it, and in all. */
export function distributionOf(changes: readonly Spread[]): Distribution {
  return {
    changes: changes.length,
    written: quantilesOf(changes.map(({ writtenMs }) => writtenMs)),
    // The list that saw the last annotation may have been later than the pod that followed it.
    noticed: quantilesOf(changes.map(({ writtenMs, followedMs }) => Math.max(0, followedMs - writtenMs))),
    inAll: quantilesOf(changes.map(({ writtenMs, followedMs }) => Math.max(writtenMs, followedMs))),
  };
}

function quantilesOf(ms: readonly number[]): Quantiles {
  const sorted = ms.toSorted((a, b) => a - b);
  const seconds = (share: number): number => quantile(sorted, share) / 1000;
  return { p50: seconds(0.5), p95: seconds(0.95), worst: seconds(1) };
}

/** For people: Markdown. */
export function distributionTable({ written, noticed, inAll }: Distribution): string {
  return [
    '| seconds | median | 95 % | worst |',
    '| --- | --- | --- | --- |',
    row('from the decision in the status to the last pod\'s annotation', written),
    row('from there until the last pod follows', noticed),
    row('in all', inAll),
  ].join('\n');
}

function row(title: string, { p50, p95, worst }: Quantiles): string {
  return `| ${title} | ${p50.toFixed(2)} | ${p95.toFixed(2)} | ${worst.toFixed(2)} |`;
}
