import { LABELS } from '../../../contracts/names.ts';
import { output } from '../command.ts';
import { SYSTEM_NAMESPACE, type ClaimContext, type PlatformClaim } from '../context.ts';
import { Release } from '../release.ts';
import { isForbidden, requestsOf, rightsAskedFor, type Entry } from './rights/audit-log.ts';
import { leaks, madeByOperator, plantInCalls, plantInSecret, whatCanBeRead } from './rights/canaries.ts';
import { exercise } from './rights/exercise.ts';
import { grantedRights } from './rights/granted.ts';
import { inNamespacesOnly } from './rights/namespaced.ts';
import { noTokens } from './rights/tokens.ts';
import { untilRolledOut } from './upgrade/watching.ts';

const MODEL = 'rightful';
const ACCOUNT = { namespace: SYSTEM_NAMESPACE, name: 'churnops-operator' };
const USER = `system:serviceaccount:${ACCOUNT.namespace}:${ACCOUNT.name}`;

/** Rights that no request asks for, each with its reason. */
const NAMED_EXCEPTIONS: Readonly<Record<string, string>> = {
  'update churnops.dev/churnmodels/finalizers': 'asked for by the admission plugin OwnerReferencesPermissionEnforcement when a child is created, not by a request of its own',
};
/** What every account of the cluster may read; no right of ours. */
const OPEN_TO_ALL = /^get \/(openapi|version|apis?|healthz|livez|readyz)(\/|$)/;

/** The operator may do what it does and nothing else; what serves may do nothing; what is secret stays where it is. */
export const rights: PlatformClaim = {
  name: 'rights',
  title: 'Granted rights are used rights, both ways, but for named exceptions; serving pods hold no token; nothing secret is in logs, status or events.',
  needs: 'shared',
  run: async (context) => {
    const { form, signal, check } = context;
    const log = await output('hack/cluster', ['audit'], { signal });
    const since = new Date().toISOString();
    if (form === 'full') await beginAnew(context);
    const [secrets] = await Promise.all([plantInSecret(context), exercise(context, MODEL)]);
    const spoken = await plantInCalls(await context.serviceUrl(MODEL), MODEL);
    await noTokens(context, MODEL);

    const all = await requestsOf(USER, log);
    const now = all.filter(({ requestReceivedTimestamp }) => requestReceivedTimestamp >= since);
    const used = await bothWays(context, form === 'full' ? now : all, now);
    const readable = await whatCanBeRead(context, JSON.stringify(now));
    const logs = [...readable].filter(([where, text]) => where.startsWith('log of') && text !== '');
    // Whoever finds nothing must have looked: in the operator's log, in the serving pods', in those that look at packages.
    const looked = ['churnops-operator', `${MODEL}-`, 'locked-out-inspect'].filter((name) => logs.some(([where]) => where.includes(name)));
    const canaries = { ...secrets, ...spoken, ...(await madeByOperator(context, MODEL)) };
    const found = leaks(canaries, readable);
    const sizeKiB = [...readable.values()].reduce((sum, text) => sum + text.length, 0) / 1024;
    check('nothing secret in logs, status, events, termination messages', looked.length === 3 && found.length === 0, found.length === 0 ? `${Object.keys(canaries).length} canaries searched for in ${readable.size} places, ${sizeKiB.toFixed(0)} KiB` : `found: ${found.join('; ')}`);
    const release = await Release.read(signal);
    check('the release fits into a Secret: 1 MiB', release.secretBytes < 700 * 1024, `${(release.secretBytes / 1024).toFixed(0)} KiB`);
    if (form === 'full') await inNamespacesOnly(context, release, { account: ACCOUNT, user: USER, log });
    return { checks: [], figure: `${used.rights} rights granted, ${used.rights} accounted for by ${(form === 'full' ? now : all).length} requests; ${Object.keys(canaries).length} canaries in no log, status or event`, evidence: used.table };
  },
};

/** What happens once in a release happens again: whatever ran here before does not count. */
async function beginAnew(context: ClaimContext): Promise<void> {
  const { kube, progress } = context;
  progress('a new operator, and no Lease');
  await kube.kubectl('--namespace', SYSTEM_NAMESPACE, 'scale', 'deployment', ACCOUNT.name, '--replicas=0');
  await kube.kubectl('--namespace', SYSTEM_NAMESPACE, 'wait', '--for=delete', 'pod', `--selector=${LABELS.component}=operator`, '--timeout=3m');
  await kube.kubectl('--namespace', SYSTEM_NAMESPACE, 'delete', 'leases', '--all');
  await kube.kubectl('--namespace', SYSTEM_NAMESPACE, 'scale', 'deployment', ACCOUNT.name, '--replicas=2');
  await untilRolledOut(context);
}

/** Compares what was asked for with what is given. In the short form uses may be older than this claim: some things happen once in a release. */
async function bothWays({ kube, check }: ClaimContext, counted: readonly Entry[], now: readonly Entry[]): Promise<Readonly<{ rights: number; table: string }>> {
  const granted = [...new Set((await grantedRights(kube, ACCOUNT)).map(({ right }) => right))].toSorted();
  const uses = new Map<string, number>();
  for (const right of counted.flatMap(rightsAskedFor)) uses.set(right, (uses.get(right) ?? 0) + 1);
  const forbidden = now.filter(isForbidden).flatMap(rightsAskedFor);
  check('no request was refused for want of a right', now.length > 0 && forbidden.length === 0, forbidden.length === 0 ? `${now.length} requests of the operator in this claim` : [...new Set(forbidden)].join('; '));
  const beyond = [...new Set(now.flatMap(rightsAskedFor))].filter((right) => !granted.includes(right) && !OPEN_TO_ALL.test(right));
  check('every request is one of the rights', beyond.length === 0, beyond.length === 0 ? `${new Set(now.flatMap(rightsAskedFor)).size} kinds of request` : beyond.join('; '));
  const unused = granted.filter((right) => !uses.has(right) && NAMED_EXCEPTIONS[right] === undefined);
  check('every right is used, but for named exceptions', granted.length > 0 && unused.length === 0, unused.length === 0 ? `${granted.length} rights; exceptions: ${Object.entries(NAMED_EXCEPTIONS).map(([right, why]) => `${right} (${why})`).join('; ')}` : `never asked for: ${unused.join('; ')}`);
  const rows = granted.map((right) => `| \`${right}\` | ${uses.get(right) ?? NAMED_EXCEPTIONS[right] ?? 'never'} |`);
  return { rights: granted.length, table: ['| right | requests in the audit log |', '| --- | --- |', ...rows].join('\n') };
}
