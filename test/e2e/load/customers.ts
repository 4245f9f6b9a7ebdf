import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ModelCard, type RawValue } from '../../../contracts/model-card.ts';
import { output, ROOT } from '../command.ts';

export const TELCO_DATA = join(ROOT, 'models/telco-churn/data/telco-customer-churn.csv.gz');
export const TELCO_PACKAGES = join(ROOT, 'models/telco-churn/packages');

/** One customer as an application sends it. */
export type Customer = Readonly<{ id: string; instance: Readonly<Record<string, RawValue>> }>;

/** The card of a committed Telco package. */
export async function cardOf(version: string): Promise<ModelCard> {
  return ModelCard.parse(JSON.parse(await readFile(join(TELCO_PACKAGES, version, 'model.json'), 'utf8')));
}

/** Every customer of the Telco data, in the order of the file: raw columns by name, a blank is null (11 customers have no TotalCharges). */
export async function telcoCustomers(card: ModelCard): Promise<readonly Customer[]> {
  // No quoted fields in this file.
  const [header = '', ...lines] = gunzipSync(await readFile(TELCO_DATA)).toString('utf8').trimEnd().split(/\r?\n/);
  const columns = header.split(',');
  return lines.map((line) => {
    const cells = new Map(line.split(',').map((cell, index) => [columns[index] ?? '', cell.trim()]));
    const text = (name: string): string => {
      const cell = cells.get(name);
      if (cell === undefined) throw new Error(`${TELCO_DATA} has no column ${name}`);
      return cell;
    };
    const entity = card.entity?.column;
    const raw = card.inputs.map(({ name, type }) => [name, text(name) === '' ? null : type === 'number' ? Number(text(name)) : text(name)] as const);
    const id = entity === undefined ? '' : text(entity);
    return { id, instance: { ...(entity === undefined ? {} : { [entity]: id }), ...Object.fromEntries(raw) } };
  });
}

/** What scikit-learn's own pipeline says: `predict_proba` of a package's pickle for every customer, by id, in float64. */
export async function referenceProbabilities(version: string, signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
  const python = await output('hack/venv', [], { signal });
  // `command` takes absolute programs as relative to its folder.
  const text = await output('env', [python, '-m', 'trainer', 'score', join(TELCO_PACKAGES, version), TELCO_DATA], { signal, env: { PYTHONPATH: join(ROOT, 'models/trainer') } });
  return new Map(
    text.split('\n').slice(1).map((line) => {
      const [id = '', probability] = line.split(',');
      return [id, Number(probability)] as const;
    }),
  );
}
