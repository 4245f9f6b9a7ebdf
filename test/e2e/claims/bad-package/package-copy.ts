import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PACKAGE_FILES } from '../../../../contracts/names.ts';
import { GoldenRows } from '../../../../contracts/model-card.ts';
import { TELCO_PACKAGES } from '../../load/customers.ts';

/** Files of a package by name. */
export type PackageCopy = ReadonlyMap<string, Buffer>;

/** A card as far as it is changed here; everything else stays as it is. */
const Card = z.looseObject({ version: z.string(), description: z.string(), files: z.record(z.string(), z.object({ sha256: z.string(), sizeBytes: z.number() })) });

/** A committed package under another version name: its card differs, so that it is a package of its own. */
export async function packageCopy(from: string, version: string): Promise<PackageCopy> {
  const folder = join(TELCO_PACKAGES, from);
  const names = await readdir(folder);
  const files = new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)));
  return withCard(files, (card) => ({ ...card, version }));
}

/** The same package whose card says something else about itself; still a valid one. */
export function withOtherDescription(files: PackageCopy): PackageCopy {
  return withCard(files, (card) => ({ ...card, description: `${card.description} Changed by hand.` }));
}

/** The same package with golden rows that the graph does not reproduce; every digest in the card is right. */
export function withWrongGoldenRows(files: PackageCopy): PackageCopy {
  const golden = GoldenRows.parse(JSON.parse(fileOf(files, PACKAGE_FILES.golden).toString('utf8')));
  const probabilities = golden.probabilities.map((probability, index) => (index % 10 === 0 ? 1 - probability : probability));
  const body = Buffer.from(JSON.stringify({ ...golden, probabilities }));
  const sha256 = createHash('sha256').update(body).digest('hex');
  const changed = new Map(files).set(PACKAGE_FILES.golden, body);
  return withCard(changed, (card) => ({ ...card, files: { ...card.files, [PACKAGE_FILES.golden]: { sha256, sizeBytes: body.length } } }));
}

/** A file of a package. */
export function fileOf(files: PackageCopy, name: string): Buffer {
  const body = files.get(name);
  if (body === undefined) throw new Error(`the package has no ${name}`);
  return body;
}

function withCard(files: PackageCopy, edit: (card: z.infer<typeof Card>) => z.infer<typeof Card>): PackageCopy {
  const card = Card.parse(JSON.parse(fileOf(files, PACKAGE_FILES.card).toString('utf8')));
  return new Map(files).set(PACKAGE_FILES.card, Buffer.from(JSON.stringify(edit(card), null, 1)));
}
