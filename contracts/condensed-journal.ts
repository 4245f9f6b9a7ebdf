import { z } from 'zod';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Count = z.int().min(0);

/**
 * `labels/<model>/dt=.../condensed/<hash>/<time>-<predictions or labels>.json`: objects of the journal that an evaluation read, and the file beside it that
 * holds what a join needs of them, so that the next evaluation reads only what is new. It is made anew wherever it cannot be used: deleting it costs
 * time, nothing else.
 */
export const CondensedJournal = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal('CondensedJournal'),
  of: z.enum(['predictions', 'labels']),
  source: z.string().max(2048).describe('URL of the folder that the keys of `objects` begin with.'),
  file: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.-]{0,127}$/).describe('In the same folder: gzip of one PredictionRecord or LabelRecord a line, without what no join needs.'),
  sha256: Sha256,
  sizeBytes: Count,
  unreadableLines: Count.describe('Lines of the objects that are no records.'),
  objects: z.array(z.tuple([z.string().min(1).max(1024), Sha256, Count])).min(1).describe('Key below `source`, sha256 and size of each.'),
});
export type CondensedJournal = z.infer<typeof CondensedJournal>;
