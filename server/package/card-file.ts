import { z } from 'zod';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ErrorCode } from '../../contracts/error-catalogue.ts';
import { packageDigest } from '../../contracts/digest.ts';
import type { PackageDigest } from '../../contracts/digest.ts';
import { GoldenRows, ModelCard } from '../../contracts/model-card.ts';
import { PACKAGE_FILES } from '../../contracts/names.ts';

/** A card and the digest of the JSON it was read from. */
export type CardFile = Readonly<{ card: ModelCard; digest: PackageDigest }>;

/** Most bytes of model.json: the hashes of training entities may take 64 MiB of it. */
export const MAX_CARD_BYTES = 96 * 1024 * 1024;
/** Most bytes of every other file of a package. */
export const MAX_FILE_BYTES = 512 * 1024 * 1024;

const SHOWN_ISSUES = 3;

/**
 * Reads model.json. The digest is of the JSON as parsed, before any default.
 * @throws ChurnOpsError CardInvalid naming the first places that are wrong
 */
export function parseCardFile(bytes: Uint8Array): CardFile {
  const json = parseJson(bytes, 'CardInvalid', PACKAGE_FILES.card);
  const card = parseDocument(ModelCard, json, 'CardInvalid', PACKAGE_FILES.card);
  for (const name of [PACKAGE_FILES.graph, PACKAGE_FILES.golden]) {
    if (!Object.hasOwn(card.files, name)) throw new ChurnOpsError('CardInvalid', `${PACKAGE_FILES.card} lists no ${name}`);
  }
  if (Object.hasOwn(card.files, PACKAGE_FILES.card)) throw new ChurnOpsError('CardInvalid', `${PACKAGE_FILES.card} cannot list itself`);
  const names = card.inputs.map((input) => input.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ChurnOpsError('CardInvalid', `${PACKAGE_FILES.card} lists input ${twice} twice`);
  return { card, digest: packageDigest(json) };
}

/** Reads golden.json. @throws ChurnOpsError GoldenInvalid */
export function parseGoldenFile(bytes: Uint8Array): GoldenRows {
  return parseDocument(GoldenRows, parseJson(bytes, 'GoldenInvalid', PACKAGE_FILES.golden), 'GoldenInvalid', PACKAGE_FILES.golden);
}

function parseJson(bytes: Uint8Array, code: ErrorCode, name: string): unknown {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return json;
  } catch (cause) {
    throw new ChurnOpsError(code, `${name} is no JSON`, { cause });
  }
}

function parseDocument<Schema extends z.ZodType>(schema: Schema, json: unknown, code: ErrorCode, name: string): z.output<Schema> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.slice(0, SHOWN_ISSUES).map((issue) => `${z.core.toDotPath(issue.path) || '(root)'}: ${issue.message}`);
  const more = parsed.error.issues.length - issues.length;
  throw new ChurnOpsError(code, `${name}: ${issues.join('; ')}${more > 0 ? `; and ${more} more` : ''}`);
}
