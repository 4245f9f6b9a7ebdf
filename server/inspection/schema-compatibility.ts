import type { InputColumn } from '../../contracts/model-card.ts';

const LISTED = 5;

/**
 * What a candidate asks of callers that the stable version does not: for each, a phrase for people. Empty: every row that stable accepts,
 * the candidate accepts. Columns that the candidate no longer has are ignored in requests, and new ones that may be missing are imputed.
 */
export function schemaChanges(stable: readonly InputColumn[], candidate: readonly InputColumn[]): readonly string[] {
  const before = new Map(stable.map((input) => [input.name, input]));
  return candidate.flatMap((input) => {
    const old = before.get(input.name);
    if (old === undefined) return input.missing.policy === 'Refuse' ? [`${input.name} is new and required`] : [];
    return columnChanges(old, input);
  });
}

function columnChanges(old: InputColumn, input: InputColumn): readonly string[] {
  if (old.type !== input.type) return [`${input.name} was a ${old.type} and is a ${input.type}`];
  const changes: string[] = [];
  if (old.missing.policy === 'Impute' && input.missing.policy === 'Refuse') changes.push(`${input.name} may no longer be missing`);
  if (old.type === 'category' && input.type === 'category' && input.unseen === 'Refuse') {
    const known = new Set(input.categories);
    const gone = old.categories.filter((category) => !known.has(category));
    if (old.unseen === 'Ignore') changes.push(`${input.name} may no longer have unseen categories`);
    else if (gone.length > 0) changes.push(`${input.name} no longer takes ${gone.slice(0, LISTED).map((name) => JSON.stringify(name)).join(', ')}`);
  }
  return changes;
}
