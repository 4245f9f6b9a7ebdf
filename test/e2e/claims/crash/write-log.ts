import type { ApiRequest } from '../../../../operator/runtime/transport.ts';

/** One write that reached the API server and was not refused. */
export type Effect = Readonly<{ at: number; what: string; effect: 'Created' | 'Changed' | 'Deleted' }>;

/** Kinds whose writes are no part of bringing a model about: told in the background. */
const ASIDE = new Set(['events', 'leases']);

/** `deployments/NAME` or `deployments/NAME/scale`; undefined for what is not counted. */
export function subjectOf(request: Pick<ApiRequest, 'path' | 'method'>): string | undefined {
  if (request.method === 'GET') return undefined;
  const parts = request.path.split('/').slice(1);
  const rest = parts.slice(parts.indexOf('namespaces') + 2);
  const [plural = ''] = rest;
  return ASIDE.has(plural) ? undefined : rest.map((part) => decodeURIComponent(part)).join('/');
}

/** What an answer says about the object. */
export function effectOf(method: string, status: number): Effect['effect'] | undefined {
  if (status === 201) return 'Created';
  if (status < 200 || status >= 300) return undefined;
  return method === 'DELETE' ? 'Deleted' : 'Changed';
}
