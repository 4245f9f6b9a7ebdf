import { z } from 'zod';
import { jsonOrUndefined } from '../../contracts/json.ts';

const Line = z.looseObject({
  stage: z.string(),
  verb: z.string(),
  user: z.looseObject({ username: z.string() }),
  userAgent: z.string().default(''),
  requestURI: z.string(),
  objectRef: z
    .looseObject({
      resource: z.string().default(''),
      namespace: z.string().default(''),
      name: z.string().default(''),
      subresource: z.string().optional(),
      apiGroup: z.string().default(''),
    })
    .optional(),
  responseStatus: z.looseObject({ code: z.number() }).optional(),
  requestReceivedTimestamp: z.string(),
  stageTimestamp: z.string(),
});

/** One finished request. */
export type AuditEntry = Readonly<{
  verb: string;
  user: string;
  userAgent: string;
  /** `deployments.apps/scale`; the path where the request is about no object. */
  resource: string;
  namespace: string;
  name: string;
  code: number;
  receivedMs: number;
  /** When it was answered. */
  atMs: number;
}>;

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** A line of the log; undefined for half a line and for requests that have not ended: a watch is logged when it begins, too. */
export function parseAuditLine(line: string): AuditEntry | undefined {
  const parsed = Line.safeParse(jsonOrUndefined(line)).data;
  if (parsed === undefined || parsed.stage !== 'ResponseComplete') return undefined;
  const { verb, user, userAgent, objectRef, requestURI, responseStatus, requestReceivedTimestamp, stageTimestamp } = parsed;
  return {
    verb,
    user: user.username,
    userAgent,
    resource: objectRef === undefined ? requestURI : resourceOf(objectRef),
    namespace: objectRef?.namespace ?? '',
    name: objectRef?.name ?? '',
    code: responseStatus?.code ?? 0,
    receivedMs: Date.parse(requestReceivedTimestamp),
    atMs: Date.parse(stageTimestamp),
  };
}

function resourceOf({ resource, apiGroup, subresource }: Readonly<{ resource: string; apiGroup: string; subresource?: string | undefined }>): string {
  return `${resource}${apiGroup === '' ? '' : `.${apiGroup}`}${subresource === undefined ? '' : `/${subresource}`}`;
}

/** Whether a request may change what is stored: a refused one counts, too. */
export function isWrite({ verb }: AuditEntry): boolean {
  return WRITES.has(verb);
}

/** `patch churnmodels.churnops.dev/status`, with how often, most first. */
export function byRequest(entries: readonly AuditEntry[]): readonly Readonly<{ request: string; count: number }>[] {
  const counts = new Map<string, number>();
  for (const { verb, resource } of entries) counts.set(`${verb} ${resource}`, (counts.get(`${verb} ${resource}`) ?? 0) + 1);
  return [...counts].map(([request, count]) => ({ request, count })).toSorted((a, b) => b.count - a.count || a.request.localeCompare(b.request));
}
