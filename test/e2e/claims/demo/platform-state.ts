import { z } from 'zod';
import { output, type CommandOptions } from '../../command.ts';

/** What must not change when a demo runs again. Finished inspection Jobs are left out: they go by themselves after an hour. */
const KINDS = 'namespaces,churnmodels,deployments,replicasets,services,serviceaccounts,secrets,configmaps,persistentvolumeclaims,pods,roles,rolebindings,clusterroles,clusterrolebindings,customresourcedefinitions';
const NAMESPACES = new Set(['churnops', 'retention']);

const Listed = z.object({
  items: z.array(
    z.looseObject({
      kind: z.string(),
      metadata: z.looseObject({
        name: z.string(),
        namespace: z.string().optional(),
        uid: z.string(),
        generation: z.number().optional(),
        resourceVersion: z.string(),
        ownerReferences: z.array(z.looseObject({ kind: z.string() })).default([]),
      }),
      status: z.looseObject({ containerStatuses: z.array(z.looseObject({ restartCount: z.number() })).default([]) }).optional(),
    }),
  ),
});

/** Status of these is written by others all the time; their spec is counted by the generation, or they have none. */
const OFTEN_WRITTEN = new Set(['Pod', 'Deployment', 'ReplicaSet', 'PersistentVolumeClaim', 'Namespace', 'CustomResourceDefinition']);

/** Everything the demo made, as lines that differ when something was created anew, changed or restarted. */
export async function platformState(place: CommandOptions): Promise<readonly string[]> {
  const { items } = Listed.parse(JSON.parse(await output('hack/cluster', ['kubectl', 'get', KINDS, '--all-namespaces', '--output', 'json'], place)));
  const ours = items.filter(({ kind, metadata }) => {
    if (metadata.ownerReferences.some((owner) => owner.kind === 'Job')) return false;
    if (metadata.namespace !== undefined) return NAMESPACES.has(metadata.namespace);
    return kind === 'Namespace' ? NAMESPACES.has(metadata.name) : metadata.name.includes('churnops');
  });
  const objects = ours.map(({ kind, metadata, status }) => {
    const restarts = (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
    const version = OFTEN_WRITTEN.has(kind) ? `generation ${metadata.generation ?? 0}` : `resourceVersion ${metadata.resourceVersion}`;
    return `${kind} ${metadata.namespace ?? ''}/${metadata.name}: uid ${metadata.uid}, ${version}, ${restarts} restarts`;
  });
  const processes = (await output('hack/cluster', ['status'], place)).split('\n').filter((line) => line.includes(' pid '));
  return [...objects, ...processes].toSorted();
}

/** Lines of either state that the other one lacks. */
export function differences(before: readonly string[], after: readonly string[]): readonly string[] {
  const [left, right] = [new Set(before), new Set(after)];
  return [...before.filter((line) => !right.has(line)).map((line) => `- ${line}`), ...after.filter((line) => !left.has(line)).map((line) => `+ ${line}`)];
}
