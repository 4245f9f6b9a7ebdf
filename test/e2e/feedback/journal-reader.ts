import { gunzipSync } from 'node:zlib';
import type { z } from 'zod';
import { LabelRecord, PredictionRecord } from '../../../contracts/journal.ts';
import { jsonOrUndefined } from '../../../contracts/json.ts';
import { JOURNAL_SUFFIX } from '../../../contracts/store-layout.ts';

/** Objects as they lie in a store. */
export type Objects = Readonly<{ list: (prefix: string) => Promise<readonly string[]>; get: (key: string) => Promise<Uint8Array> }>;

/** Records as they were delivered: maybe more than once, maybe with half a line at the end of an object. */
export type Delivered<Record> = Readonly<{ records: readonly Record[]; objects: number; broken: number }>;

/** All predictions below a prefix. */
export async function readPredictions(objects: Objects, prefix: string): Promise<Delivered<PredictionRecord>> {
  return readAll(objects, prefix, PredictionRecord);
}

/** All labels below a prefix. */
export async function readLabels(objects: Objects, prefix: string): Promise<Delivered<LabelRecord>> {
  return readAll(objects, prefix, LabelRecord);
}

async function readAll<Record>(objects: Objects, prefix: string, schema: z.ZodType<Record>): Promise<Delivered<Record>> {
  // What evaluations keep of the journal for themselves lies beside it.
  const keys = (await objects.list(`${prefix}/`)).filter((key) => key.endsWith(JOURNAL_SUFFIX) && !key.includes('/condensed/'));
  const records: Record[] = [];
  let broken = 0;
  for (const key of keys) {
    for (const line of gunzipSync(await objects.get(key)).toString('utf8').split('\n')) {
      if (line === '') continue;
      const parsed = parse(line, schema);
      if (parsed === undefined) broken += 1;
      else records.push(parsed);
    }
  }
  return { records, objects: keys.length, broken };
}

function parse<Record>(line: string, schema: z.ZodType<Record>): Record | undefined {
  return schema.safeParse(jsonOrUndefined(line)).data;
}
