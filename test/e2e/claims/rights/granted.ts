import { z } from 'zod';
import { Rule } from '../../../../contracts/generate/rights-reference.ts';
import type { Kube } from '../../kube.ts';

const Metadata = z.looseObject({ name: z.string(), namespace: z.string().optional() });
const Subject = z.looseObject({ kind: z.string(), name: z.string(), namespace: z.string().optional() });
const Listed = z.looseObject({
  items: z.array(z.looseObject({
    kind: z.string(),
    metadata: Metadata,
    rules: z.array(Rule.or(z.looseObject({}))).nullish(),
    roleRef: z.looseObject({ kind: z.string(), name: z.string() }).optional(),
    subjects: z.array(Subject).nullish(),
  })),
});

/** One right, as `patch apps/deployments/scale`, and where it holds: a namespace, or `*` for all. */
export type Right = Readonly<{ right: string; where: string }>;

/** Every right that is given to an account by its name. What all accounts may do (discovery) is not among them. */
export async function grantedRights(kube: Kube, account: Readonly<{ namespace: string; name: string }>): Promise<readonly Right[]> {
  const text = await kube.kubectl('get', 'clusterroles,clusterrolebindings,roles,rolebindings', '--all-namespaces', '--output=json');
  const { items } = Listed.parse(JSON.parse(text));
  const bindings = items.filter(({ subjects }) => subjects?.some(({ kind, name, namespace }) => kind === 'ServiceAccount' && name === account.name && namespace === account.namespace) === true);
  return bindings.flatMap(({ roleRef, metadata }) => {
    const role = items.find(({ kind, metadata: { name, namespace } }) => kind === roleRef?.kind && name === roleRef.name && (kind === 'ClusterRole' || namespace === metadata.namespace));
    const rules = z.array(Rule).parse(role?.rules ?? []);
    return rules.flatMap(rightsOf).map((right) => ({ right, where: metadata.namespace ?? '*' }));
  });
}

function rightsOf({ apiGroups, resources, verbs }: Rule): readonly string[] {
  return apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)));
}
