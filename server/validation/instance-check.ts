import type { ErrorDetail } from '../../contracts/error-catalogue.ts';
import type { ModelCard } from '../../contracts/model-card.ts';
import type { CategoryColumn, NumberColumn, RowBatch } from '../engine/row-batch.ts';
import { compileColumn, kindOf } from './column-check.ts';
import type { ColumnCheck } from './column-check.ts';
import { similarColumn } from './similar-column.ts';

/** Most details of one answer. */
export const MAX_DETAILS = 20;
const MAX_SIMILAR_CANDIDATES = 100;

/** Rows are in the batch, or nothing is and `details` says why (at most MAX_DETAILS of `problems`). */
export type CheckOutcome = Readonly<
  | { valid: true; rows: number; unknownColumns: number }
  | { valid: false; problems: number; details: readonly ErrorDetail[] }
>;

type MutableFindings = { problems: number; details: ErrorDetail[]; unknownColumns: number };

/** Path of a value as errors name it: `instances[3].tenure`, `instances[3]["Monthly Charges"]`. */
export function instancePath(row: number, column?: string): string {
  return `instances[${row}]${column === undefined ? '' : member(column)}`;
}

/** Path of a value of a tensor: `inputs.tenure[3]`, `inputs["Monthly Charges"][3]`. */
export function tensorPath(row: number, column: string): string {
  return `inputs${member(column)}[${row}]`;
}

function member(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The check of instances, compiled once from the card; it writes good rows straight into a batch. */
export class InstanceCheck {
  readonly #checks: readonly ColumnCheck[];
  readonly #known: ReadonlySet<string>;
  readonly #entity: string | undefined;

  constructor(card: Pick<ModelCard, 'inputs' | 'entity'>) {
    this.#checks = card.inputs.map(compileColumn);
    this.#entity = card.entity?.column;
    this.#known = new Set([...card.inputs.map((input) => input.name), ...(this.#entity === undefined ? [] : [this.#entity])]);
  }

  /** Checks instances and appends them to the batch, all or none. Never throws, whatever JSON gave. */
  append(batch: RowBatch, instances: readonly unknown[]): CheckOutcome {
    const first = batch.reserve(instances.length);
    const findings: MutableFindings = { problems: 0, details: [], unknownColumns: 0 };
    for (let row = 0; row < instances.length; row += 1) {
      const instance = instances[row];
      if (isRecord(instance)) this.#checkRow(batch, first + row, row, instance, findings);
      else report(findings, () => ({ path: instancePath(row), message: `expected an object with the columns of one customer, got ${kindOf(instance)}` }));
    }
    if (findings.problems > 0) return { valid: false, problems: findings.problems, details: findings.details };
    batch.commit(instances.length);
    return { valid: true, rows: instances.length, unknownColumns: findings.unknownColumns };
  }

  /**
   * Checks rows that came column by column and appends them to the batch, all or none; the same checks as `append`.
   * @param columns values by column; a column that is not there is missing in every row
   */
  appendColumns(batch: RowBatch, columns: ReadonlyMap<string, readonly unknown[]>, rows: number, unknown: readonly string[]): CheckOutcome {
    const first = batch.reserve(rows);
    const findings: MutableFindings = { problems: 0, details: [], unknownColumns: unknown.length * rows };
    for (const [index, check] of this.#checks.entries()) {
      const column = batch.columns[index];
      if (column === undefined) continue;
      const values = columns.get(check.name);
      for (let row = 0; row < rows; row += 1) {
        const problem = put(column, first + row, check, values?.[row]);
        if (problem !== undefined) report(findings, () => ({ path: tensorPath(row, check.name), message: problem + (values === undefined ? this.#hint(check.name, unknown) : '') }));
      }
    }
    if (findings.problems > 0) return { valid: false, problems: findings.problems, details: findings.details };
    batch.commit(rows);
    return { valid: true, rows, unknownColumns: findings.unknownColumns };
  }

  /** Whether a column is the model's or names the customer. */
  knows(column: string): boolean {
    return this.#known.has(column);
  }

  #checkRow(batch: RowBatch, at: number, row: number, instance: Readonly<Record<string, unknown>>, findings: MutableFindings): void {
    let present = this.#entity !== undefined && Object.hasOwn(instance, this.#entity) ? 1 : 0;
    for (let index = 0; index < this.#checks.length; index += 1) {
      const check = this.#checks[index];
      const column = batch.columns[index];
      if (check === undefined || column === undefined) continue;
      const given = Object.hasOwn(instance, check.name);
      if (given) present += 1;
      const problem = put(column, at, check, given ? instance[check.name] : undefined);
      if (problem !== undefined) report(findings, () => ({ path: instancePath(row, check.name), message: problem + (given ? '' : this.#hint(check.name, Object.keys(instance))) }));
    }
    findings.unknownColumns += Object.keys(instance).length - present;
  }

  /** @param given names of the columns that are there instead */
  #hint(name: string, given: readonly string[]): string {
    const unknown = given.filter((key) => !this.#known.has(key)).slice(0, MAX_SIMILAR_CANDIDATES);
    const meant = similarColumn(name, unknown);
    return meant === undefined ? '' : `; ${JSON.stringify(meant)} is no column of this model: was ${name} meant?`;
  }
}

/** Writes a value where it belongs, or tells what is wrong with it. */
function put(column: NumberColumn | CategoryColumn, at: number, check: ColumnCheck, value: unknown): string | undefined {
  const outcome = check.check(value);
  if (typeof outcome === 'number' && column.type === 'number') column.values[at] = outcome;
  else if (typeof outcome === 'string' && column.type === 'category') column.values[at] = outcome;
  else if (typeof outcome === 'object') return outcome.problem;
  return undefined;
}

/** Counts a problem. Its detail is made only where it will be told: a hint costs thousands of times what a check does. */
function report(findings: MutableFindings, detail: () => ErrorDetail): void {
  findings.problems += 1;
  if (findings.details.length < MAX_DETAILS) findings.details.push(detail());
}
