import { dayPartition, hourPartition, JOURNAL_SUFFIX } from '../../../contracts/store-layout.ts';
import { patiently } from '../../package/remote-package.ts';
import type { Repository } from '../../package/remote-package.ts';

/** From when until when, epoch milliseconds, both included. */
export type Window = Readonly<{ fromMs: number; toMs: number }>;

/** Clocks of pods and callers differ; a label may seem to be received before its prediction was made. */
const LABEL_MARGIN_MS = 86_400_000;

/**
 * Keys of the journal whose hour lies in the window, day by day.
 * @param prefix of the model's predictions
 */
export async function* predictionKeys(repository: Repository, prefix: string, { fromMs, toMs }: Window): AsyncGenerator<readonly string[]> {
  const [first, last] = [fromMs, toMs].map(hourPartition);
  const isWithin = (path: string): boolean => {
    const [, hour = ''] = /^(dt=\d{4}-\d{2}-\d{2}\/hour=\d{2})\/[^/]+$/.exec(path) ?? [];
    return hour !== '' && hour >= (first ?? '') && hour <= (last ?? '');
  };
  yield* keysOf(repository, prefix, { fromMs, toMs }, isWithin);
}

/**
 * Keys of the labels that may be about predictions made since the beginning of the window, day by day; labels come at any time later.
 * @param prefix of the model's labels
 */
export async function* labelKeys(repository: Repository, prefix: string, { fromMs, toMs }: Window): AsyncGenerator<readonly string[]> {
  const window = { fromMs: Math.max(0, fromMs - LABEL_MARGIN_MS), toMs: toMs + LABEL_MARGIN_MS };
  yield* keysOf(repository, prefix, window, (path) => /^dt=\d{4}-\d{2}-\d{2}\/[^/]+$/.test(path));
}

async function* keysOf(repository: Repository, prefix: string, { fromMs, toMs }: Window, isWithin: (path: string) => boolean): AsyncGenerator<readonly string[]> {
  const { store, patience } = repository;
  const [first = '', last = ''] = [fromMs, toMs].map(dayPartition);
  const days = await patiently(repository, () => store.folders(prefix, patience.signal));
  for (const day of days.filter((name) => name >= first && name <= last).toSorted()) {
    yield await patiently(repository, async () => {
      const keys: string[] = [];
      for await (const page of store.keys(`${prefix}/${day}`, patience.signal)) keys.push(...page.filter((key) => key.endsWith(JOURNAL_SUFFIX) && isWithin(key.slice(prefix.length + 1))));
      return keys.toSorted();
    });
  }
}
