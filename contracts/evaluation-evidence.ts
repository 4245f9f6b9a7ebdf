import { z } from 'zod';
import { EvaluatedVersion, EvaluationRequest } from './evaluation-request.ts';
import { EvaluationReport } from './reports.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Count = z.int().min(0);
const Instant = z.iso.datetime({ offset: true }).max(35);
const FileName = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.-]{0,127}$/).describe('Name of a file in the same folder.');

/** What an input is. Cards stand in the evidence itself. */
export const InputKind = z.enum(['predictions', 'labels', 'outcomes', 'dataset']);
export type InputKind = z.infer<typeof InputKind>;

/** An object that a verdict rests on: a line of `<time>-inputs.ndjson.gz`. */
export const EvidenceInput = z.object({ kind: InputKind, url: z.string().min(1).max(2048), sha256: Sha256, sizeBytes: Count });
export type EvidenceInput = z.infer<typeof EvidenceInput>;

/** The card of a version as it was read. */
export const EvidenceCard = EvaluatedVersion.extend({
  url: z.string().max(2048),
  sha256: Sha256.describe('Of model.json, byte by byte; `digest` is that of its canonical form.'),
  sizeBytes: Count,
  threshold: z.number().min(0).max(1).describe('Decision threshold that agreement was computed with.'),
  trainingEntities: Count.nullable().describe('How many customers it lists as seen by the trainer; null: it lists none, and none could be left out.'),
});
export type EvidenceCard = z.infer<typeof EvidenceCard>;

/**
 * The file behind a verdict, `evaluations/<model>/<hash>/<time>-gate.json`: what was asked, what was read, what was found. Two files of the same
 * time lie beside it, with the pairs and with the digest of every input; they are written first, so that where this file is, they are.
 */
export const EvaluationEvidence = z.object({
  schemaVersion: z.literal(1),
  kind: z.literal('EvaluationEvidence'),
  namespace: z.string().max(253),
  model: z.string().max(63),
  software: z.string().max(64).describe('Version of the program that evaluated.'),
  request: EvaluationRequest,
  evaluatedAt: Instant.describe('What was matured then counts.'),
  cards: z.object({ candidate: EvidenceCard, stable: EvidenceCard.optional() }),
  inputs: z.object({ file: FileName, sha256: Sha256, sizeBytes: Count, objects: Count }).describe('One EvidenceInput a line.'),
  pairs: z
    .object({
      file: FileName,
      sha256: Sha256,
      sizeBytes: Count,
      rows: Count,
      entitySalt: z.string().regex(/^[0-9a-f]{32}$/).describe('`entity` is the first 16 hex digits of sha256(salt bytes, customer as UTF-8).'),
    })
    .describe('CSV, gzip: entity, positive (1 or 0), stable, candidate; one row a customer. `stable` is empty where there is no stable version.'),
  report: EvaluationReport.omit({ report: true }),
  digest: Sha256.describe('Of the canonical form (RFC 8785) of all of this without `digest`.'),
});
export type EvaluationEvidence = z.infer<typeof EvaluationEvidence>;
