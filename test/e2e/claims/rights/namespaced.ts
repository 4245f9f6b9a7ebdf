import type { ClaimContext } from '../../context.ts';
import { SYSTEM_NAMESPACE } from '../../context.ts';
import { MODELS } from '../../kinds.ts';
import { churnModel } from '../../manifest.ts';
import { CHART, type Release } from '../../release.ts';
import { untilServing } from '../../serving.ts';
import { untilRolledOut } from '../upgrade/watching.ts';
import { isForbidden, requestsOf, rightsAskedFor } from './audit-log.ts';
import { exercise } from './exercise.ts';
import { grantedRights } from './granted.ts';

const MODEL = 'narrow';
const TAKEN_MODEL = 'unowned';

type Whose = Readonly<{ account: Readonly<{ namespace: string; name: string }>; user: string; log: string }>;

/**
 * The operator with Roles alone, and then without the one right that no request asks for: admission does ask for it.
 * Puts the release back, whatever happens.
 */
export async function inNamespacesOnly(context: ClaimContext, release: Release, { account, user, log }: Whose): Promise<void> {
  const { kube, namespace, check, progress } = context;
  try {
    progress('Roles in one namespace, nothing in the whole cluster');
    const narrow = { ...release.values, rbac: { scope: 'namespaces' }, operator: { watchNamespaces: [namespace] } };
    await release.upgrade(CHART, narrow);
    await untilRolledOut(context);
    const since = new Date().toISOString();
    const wide = (await grantedRights(kube, account)).filter(({ where }) => where !== namespace && where !== SYSTEM_NAMESPACE);
    check('by namespace: no right outside of it and of the operator\'s own', wide.length === 0, wide.length === 0 ? 'Roles only' : wide.map(({ right, where }) => `${right} in ${where}`).join('; '));
    await exercise(context, MODEL);
    await kube.delete(MODELS, MODEL);
    const now = (await requestsOf(user, log)).filter(({ requestReceivedTimestamp }) => requestReceivedTimestamp >= since);
    const refused = now.filter(isForbidden).flatMap(rightsAskedFor);
    check('by namespace: everything works, nothing is refused', now.length > 0 && refused.length === 0, refused.length === 0 ? `${now.length} requests` : [...new Set(refused)].join('; '));
    const elsewhere = now.filter(({ objectRef }) => objectRef?.resource !== undefined && objectRef.namespace !== namespace && objectRef.namespace !== SYSTEM_NAMESPACE);
    check('by namespace: no request looks elsewhere', elsewhere.length === 0, elsewhere.length === 0 ? `${namespace} and ${SYSTEM_NAMESPACE} alone` : [...new Set(elsewhere.flatMap(rightsAskedFor))].join('; '));

    progress('without update of churnmodels/finalizers');
    const path = ['patch', 'role', account.name, '--type=json'];
    const rules = JSON.parse(await kube.kubectl('get', 'role', account.name, '--output=jsonpath={.rules}'));
    const kept = rules.filter(({ resources }: { resources: string[] }) => !resources.includes('churnmodels/finalizers'));
    await kube.kubectl(...path, '--patch', JSON.stringify([{ op: 'replace', path: '/rules', value: kept }]));
    await kube.apply(churnModel({ name: TAKEN_MODEL }));
    const refusedModel = await kube.until(MODELS, TAKEN_MODEL, { what: 'admission refuses its children', deadlineMs: 60_000 }, ({ status }) => status?.conditions?.some(({ message }) => message.includes('blockOwnerDeletion')) === true);
    check('OwnerReferencesPermissionEnforcement is on: without the right no child is made', kept.length < rules.length, refusedModel.status?.conditions?.find(({ message }) => message.includes('blockOwnerDeletion'))?.message ?? '');
    await kube.kubectl(...path, '--patch', JSON.stringify([{ op: 'replace', path: '/rules', value: rules }]));
    await untilServing(kube, TAKEN_MODEL, { deadlineMs: 300_000 });
  } finally {
    await release.restore(AbortSignal.timeout(600_000));
  }
}
