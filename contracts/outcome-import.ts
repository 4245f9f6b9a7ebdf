import { z } from 'zod';

/** Most mistakes of a file that are told. */
export const MAX_IMPORT_PROBLEMS = 20;

const Instant = z.iso.datetime({ offset: true }).max(35);
const Count = z.int().min(0);

/** A row that is no label, or (without `row`) a file that cannot be read on. */
export const ImportProblem = z.object({
  file: z.string().max(1024).describe('Key of the file in its bucket, or its path on the volume.'),
  row: z.int().min(1).optional().describe('Row as a spreadsheet counts: the header is row 1.'),
  column: z.string().max(128).optional(),
  message: z.string().max(256).describe('What is wrong; never the value.'),
});
export type ImportProblem = z.infer<typeof ImportProblem>;

/**
 * `labels/<model>/imported/<digest of content and mapping>.json`: that an outcome file was imported, so that the same one is not imported
 * again. Without `finishedAt` an import was cut off; the next one writes the same objects again, under the same `startedAt`.
 */
export const ImportedFile = z.object({
  schemaVersion: z.literal(1),
  file: z.string().max(1024),
  startedAt: Instant.describe('When it was first seen: what its rows are observed at, where they tell no time.'),
  finishedAt: Instant.optional(),
  rows: Count,
  labels: Count,
  badRows: Count,
  problems: z.array(ImportProblem).max(MAX_IMPORT_PROBLEMS),
});
export type ImportedFile = z.infer<typeof ImportedFile>;

/** What an import did with all outcome files there are, those of earlier runs included. */
export const OutcomeImport = z.object({
  files: Count,
  imported: Count.describe('Files that were new.'),
  rows: Count,
  labels: Count,
  badRows: Count,
  problems: z.array(ImportProblem).max(MAX_IMPORT_PROBLEMS).describe('The first ones.'),
});
export type OutcomeImport = z.infer<typeof OutcomeImport>;
