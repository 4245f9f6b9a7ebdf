import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { GoldenRows, InputColumn, ModelCard, RawValue } from '../../contracts/model-card.ts';

/** Fewest rows near the threshold: without them a graph that decides differently could pass. */
export const MIN_STRADDLERS = 20;

/** What of the card the golden rows must fit. */
export type GoldenContract = Pick<ModelCard, 'inputs' | 'threshold'>;

/**
 * What golden.json must be beyond its schema to prove anything: of this very card, its values of the columns' types, and with the kinds of
 * rows that show where engines differ. Rows with something missing are asked for where a column may be missing, unseen categories where
 * one is scored: the trainer can make them only there.
 * @throws ChurnOpsError GoldenInvalid
 */
export function assertGolden(card: GoldenContract, golden: GoldenRows): void {
  const problem = documentProblem(card, golden) ?? valueProblem(card.inputs, golden.rows) ?? kindProblem(card.inputs, golden);
  if (problem !== undefined) throw new ChurnOpsError('GoldenInvalid', `golden.json ${problem}.`);
}

function documentProblem({ inputs, threshold }: GoldenContract, golden: GoldenRows): string | undefined {
  if (golden.threshold !== threshold.value) return `is for threshold ${golden.threshold}, the card has ${threshold.value}`;
  const at = Array.from({ length: Math.max(inputs.length, golden.columns.length) }, (_, index) => index).find((index) => inputs[index]?.name !== golden.columns[index]);
  if (at === undefined) return undefined;
  return `has column ${at + 1} ${golden.columns[at] ?? '(none)'}, the card has ${inputs[at]?.name ?? '(none)'}: the card's inputs are needed, in its order`;
}

function valueProblem(inputs: readonly InputColumn[], rows: readonly (readonly RawValue[])[]): string | undefined {
  for (const [row, values] of rows.entries()) {
    for (const [index, input] of inputs.entries()) {
      const value = values[index] ?? null;
      if (!fits(input, value)) return `has in row ${row} a value that column ${input.name} cannot take: a ${input.type} is needed`;
    }
  }
  return undefined;
}

/** Whether a graph gets the value as it is: numbers become float32, and texts end at a NUL. */
function fits(input: InputColumn, value: RawValue): boolean {
  if (value === null) return true;
  if (input.type === 'number') return typeof value === 'number' && Number.isFinite(Math.fround(value));
  return typeof value === 'string' && !value.includes('\0');
}

function kindProblem(inputs: readonly InputColumn[], golden: GoldenRows): string | undefined {
  const count = (kind: GoldenRows['kinds'][number]): number => golden.kinds.filter((found) => found === kind).length;
  const straddlers = count('Straddler');
  if (straddlers < MIN_STRADDLERS) return `has ${straddlers} rows of kind Straddler, ${MIN_STRADDLERS} are needed`;
  if (count('Missing') === 0 && inputs.some((input) => input.missing.policy === 'Impute')) return 'has no row of kind Missing, but columns that may be missing';
  if (count('Unseen') === 0 && inputs.some((input) => input.type === 'category' && input.unseen === 'Ignore')) return 'has no row of kind Unseen, but columns that may have unseen categories';
  return golden.labels.includes(0) && golden.labels.includes(1) ? undefined : 'has labelled rows of one class at most, both are needed';
}
