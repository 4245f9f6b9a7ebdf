import type { AuditEntry } from '../../audit-entry.ts';
import type { AutoscalerState } from './capacity-watch.ts';

const SCALE = 'deployments.apps/scale';
const AUTOSCALER = 'horizontalpodautoscalers.autoscaling';

/** A write of replicas by the operator, and what the autoscaler sized then. */
export type Scaled = Readonly<{ name: string; whileSizing: string | undefined }>;

/** What the operator wrote about sizes; `problem`: log and watch do not tell of the same writes, so that nothing can be said. */
export type SizesWritten = Readonly<{ scaled: readonly Scaled[]; told: number; problem: string | undefined }>;

/** Requests that {@link sizesWritten} looks at. */
export function isAboutSize({ resource, verb, code }: AuditEntry): boolean {
  return (resource === SCALE || resource === AUTOSCALER) && (verb === 'patch' || verb === 'delete' || verb === 'update') && code < 300;
}

/**
 * Joins the log, which has the order of all writes, with the watch, which has what each write of the autoscaler said.
 * @param entries of the operator in one namespace, in the order in which they ended
 */
export function sizesWritten(entries: readonly AuditEntry[], states: readonly AutoscalerState[]): SizesWritten {
  const told = entries.filter(({ resource }) => resource === AUTOSCALER).length;
  const problem = told === states.length ? undefined : `the operator wrote the autoscaler ${told} times, and ${states.length} states of it were seen`;
  const scaled: Scaled[] = [];
  let written = 0;
  for (const { resource, name } of entries) {
    if (resource === AUTOSCALER) written += 1;
    else scaled.push({ name, whileSizing: states[written - 1]?.target });
  }
  return { scaled, told, problem };
}
