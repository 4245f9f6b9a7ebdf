import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeGracefully, listen } from '../../../platform/http/listener.ts';
import { NAMESPACE, type Rendered } from './helm.ts';

type Kind = Readonly<{ name: string; kind: string; namespaced: boolean }>;
const within = (name: string, kind: string): Kind => ({ name, kind, namespaced: true });
const clusterWide = (name: string, kind: string): Kind => ({ name, kind, namespaced: false });

/** Kinds of the chart by default, which Helm looks for in discovery. */
const KINDS: Readonly<Record<string, readonly Kind[]>> = {
  v1: [within('serviceaccounts', 'ServiceAccount'), within('services', 'Service'), within('pods', 'Pod')],
  'apps/v1': [within('deployments', 'Deployment')],
  'policy/v1': [within('poddisruptionbudgets', 'PodDisruptionBudget')],
  'networking.k8s.io/v1': [within('networkpolicies', 'NetworkPolicy')],
  'rbac.authorization.k8s.io/v1': [within('roles', 'Role'), within('rolebindings', 'RoleBinding'), clusterWide('clusterroles', 'ClusterRole'), clusterWide('clusterrolebindings', 'ClusterRoleBinding')],
  'apiextensions.k8s.io/v1': [clusterWide('customresourcedefinitions', 'CustomResourceDefinition')],
};

function discovery(path: string): unknown {
  if (path === '/version') return { major: '1', minor: '36', gitVersion: 'v1.36.0' };
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') {
    const versions = Object.keys(KINDS).filter((groupVersion) => groupVersion.includes('/')).map((groupVersion) => ({ groupVersion, version: 'v1' }));
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: versions.map((version) => ({ name: version.groupVersion.slice(0, -'/v1'.length), versions: [version], preferredVersion: version })) };
  }
  const groupVersion = path.replace(/^\/apis?\//, '');
  const kinds = KINDS[groupVersion];
  if (kinds === undefined) return undefined;
  return { kind: 'APIResourceList', groupVersion, resources: kinds.map((kind) => ({ ...kind, singularName: '', verbs: ['get', 'list'] })) };
}

/**
 * Does something with the arguments that make Helm render against a cluster that holds these Deployments and nothing else: an HTTP server of this
 * process, which says of them what an API server would. For what templates read by `lookup`.
 */
export async function besides<T>(deployments: readonly Rendered[], run: (...args: readonly string[]) => Promise<T>): Promise<T> {
  const list = { kind: 'DeploymentList', apiVersion: 'apps/v1', metadata: { resourceVersion: '1' }, items: deployments };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const answer = pathname === `/apis/apps/v1/namespaces/${NAMESPACE}/deployments` ? list : discovery(pathname);
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 }));
  });
  const folder = await mkdtemp(join(tmpdir(), 'churnops-installed-'));
  try {
    const port = await listen(server, 0, '127.0.0.1');
    const cluster = { name: 'c', cluster: { server: `http://127.0.0.1:${port}` } };
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters: [cluster], contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }], users: [{ name: 'u', user: {} }], 'current-context': 'c' }));
    return await run('--kubeconfig', kubeconfig, '--dry-run=server', '--disable-openapi-validation');
  } finally {
    await closeGracefully(server, 1000);
    await rm(folder, { recursive: true, force: true });
  }
}
