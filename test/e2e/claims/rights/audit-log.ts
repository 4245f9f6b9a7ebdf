import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** One request as the API server's audit log tells of it. */
const Entry = z.looseObject({
  verb: z.string(),
  user: z.looseObject({ username: z.string() }),
  objectRef: z.looseObject({ resource: z.string().optional(), apiGroup: z.string().default(''), subresource: z.string().optional(), namespace: z.string().optional(), name: z.string().optional() }).optional(),
  requestURI: z.string(),
  responseStatus: z.looseObject({ code: z.number().optional() }).optional(),
  requestReceivedTimestamp: z.string(),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type Entry = z.infer<typeof Entry>;

/** Requests of one user, oldest first, in this log and those that it was rotated into. */
export async function requestsOf(user: string, log: string): Promise<readonly Entry[]> {
  const folder = dirname(log);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.log')).map((name) => join(folder, name));
  const entries: Entry[] = [];
  for (const file of files) {
    if (!(await stat(file)).isFile()) continue;
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      // The last line may be half written.
      if (line.includes(`"${user}"`) && line.endsWith('}')) entries.push(Entry.parse(JSON.parse(line)));
    }
  }
  return entries.filter((entry) => entry.user.username === user).toSorted((a, b) => a.requestReceivedTimestamp.localeCompare(b.requestReceivedTimestamp));
}

/** What a request asked for, as a Role would say it: `patch apps/deployments/scale`. A patch that creates was asked for `create`, too. */
export function rightsAskedFor({ verb, objectRef, requestURI, responseStatus }: Entry): readonly string[] {
  if (objectRef?.resource === undefined) return [`${verb} ${requestURI.split('?')[0] ?? ''}`];
  const { apiGroup, resource, subresource } = objectRef;
  const what = `${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
  return [`${verb} ${what}`, ...(verb === 'patch' && responseStatus?.code === 201 ? [`create ${what}`] : [])];
}

/** Whether the API server refused it for want of a right. */
export function isForbidden(entry: Entry): boolean {
  return entry.annotations?.['authorization.k8s.io/decision'] === 'forbid';
}
