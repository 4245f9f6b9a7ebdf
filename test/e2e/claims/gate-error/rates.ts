import type { TaskEndings } from './protocol.ts';

/** How often a manner of looking came to a verdict, and with how many labels, the median. */
export type Rate = Readonly<{ share: number; count: number; rollouts: number; medianLabels: number | undefined }>;

/** The share of rollouts that ended so. */
export function rateOf(endings: TaskEndings, manner: string, verdict: 'Pass' | 'Fail' | 'Inconclusive'): Rate {
  const all = endings[manner] ?? [];
  const labels = all.filter((ending) => ending.verdict === verdict).map((ending) => ending.labels).toSorted((a, b) => a - b);
  return { share: labels.length / all.length, count: labels.length, rollouts: all.length, medianLabels: labels[Math.floor(labels.length / 2)] };
}

/** Two Monte Carlo errors of a share that is truly `share`, in so many rollouts. */
export function twoErrors(share: number, rollouts: number): number {
  return 2 * Math.sqrt((share * (1 - share)) / rollouts);
}

/** `2.6 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** `2.6 % (900)`: share and median labels. */
export function rateInWords({ share, medianLabels }: Rate): string {
  return `${percent(share)}${medianLabels === undefined ? '' : ` (${medianLabels})`}`;
}
