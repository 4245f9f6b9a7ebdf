import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Thresholds } from '../../../../statistics/agreement.ts';
import type { PairedScores } from '../../../../statistics/sample.ts';
import { ReferenceMeasures } from '../../../oracles/reference.ts';
import { output, ROOT } from '../../command.ts';

/** What scikit-learn and scipy say of the columns in each folder, by the trainer's Python. */
export async function referencesOf(folders: readonly string[], thresholds: Thresholds, signal: AbortSignal): Promise<readonly ReferenceMeasures[]> {
  const python = await output('hack/venv', [], { signal });
  // `command` takes absolute programs as relative to its folder.
  const args = [python, join(ROOT, 'test/oracles/reference.py'), String(thresholds.stable), String(thresholds.candidate), ...folders];
  const text = await output('env', args, { signal, env: { PYTHONPATH: join(ROOT, 'models/trainer') } });
  return z.array(ReferenceMeasures).parse(JSON.parse(text));
}

/** Writes pairs as reference.py reads them: little-endian columns. */
export async function writeColumns(folder: string, pairs: PairedScores): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'positive.u8'), Uint8Array.from(pairs.positive));
  await writeFile(join(folder, 'stable.f64'), bytesOf(pairs.stable));
  await writeFile(join(folder, 'candidate.f64'), bytesOf(pairs.candidate));
}

function bytesOf(column: Readonly<Float64Array>): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(8 * column.length));
  for (const [index, value] of column.entries()) bytes.setFloat64(8 * index, value, true);
  return new Uint8Array(bytes.buffer);
}
