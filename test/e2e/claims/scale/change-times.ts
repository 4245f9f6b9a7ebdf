import type { AuditEntry } from '../../audit-entry.ts';

/**
 * How long each change of a model took to reach its Deployment, milliseconds: from when the API server received the change to when it had stored the
 * operator's next write of a Deployment of that model. Asking for the Deployment again and again would be load on what is measured.
 * @param entries in any order
 * @param input.operator user name of the operator's account
 */
export function changeTimes(entries: readonly AuditEntry[], { model, operator }: Readonly<{ model: string; operator: string }>): readonly number[] {
  const changes = entries.filter(({ verb, resource, name, user, code }) => verb === 'patch' && resource === 'churnmodels.churnops.dev' && name === model && user !== operator && code === 200).toSorted((a, b) => a.receivedMs - b.receivedMs);
  const writes = entries.filter(({ verb, resource, name, user, code }) => verb === 'patch' && resource === 'deployments.apps' && name.startsWith(`${model}-`) && user === operator && code === 200).toSorted((a, b) => a.atMs - b.atMs);
  return changes.map(({ receivedMs }) => (writes.find(({ receivedMs: sentMs }) => sentMs >= receivedMs)?.atMs ?? Number.POSITIVE_INFINITY) - receivedMs);
}
