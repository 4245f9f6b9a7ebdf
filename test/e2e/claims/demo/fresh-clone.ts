import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, output, ROOT, type CommandOptions } from '../../command.ts';

/** A clone of HEAD whose caches are all empty, with a cluster of its own beside the one that may be up. */
export type FreshClone = Readonly<{ commit: string; place: CommandOptions; remove: () => Promise<void> }>;

/** Addresses and a namespace that no other cluster of this machine has. */
const OWN_NETWORK = {
  CHURNOPS_CLUSTER_NETNS: 'churndemo',
  CHURNOPS_CLUSTER_NODE_NET: '10.79.0',
  CHURNOPS_CLUSTER_POD_NET: '10.78',
  CHURNOPS_CLUSTER_SERVICE_NET: '10.76',
} as const;

/** Clones; what is not committed is not in it. `remove` takes cluster, caches and clone away. */
export async function freshClone(signal: AbortSignal, onLine: (line: string) => void): Promise<FreshClone> {
  const folder = await mkdtemp(join(tmpdir(), 'churnops-'));
  const [clone, caches] = [join(folder, 'clone'), join(folder, 'caches')];
  await mkdir(caches);
  await output('git', ['clone', '--quiet', '--no-hardlinks', ROOT, clone], { signal });
  const storage = join(caches, 'containers.conf');
  await writeFile(storage, `[storage]\ndriver = "overlay"\ngraphroot = "${join(caches, 'containers')}"\nrunroot = "${join(caches, 'containers-run')}"\n`);
  const env = {
    ...OWN_NETWORK,
    CHURNOPS_CACHE: join(caches, 'churnops'),
    CHURNOPS_CLUSTER_HOME: undefined,
    // A demo started by hack/prove would go on with the clock of that.
    CHURNOPS_STARTED_AT: undefined,
    CHURNOPS_KUBECONFIG: undefined,
    GOPATH: join(caches, 'go'),
    GOMODCACHE: join(caches, 'go', 'pkg', 'mod'),
    GOCACHE: join(caches, 'go-build'),
    npm_config_cache: join(caches, 'npm'),
    PIP_CACHE_DIR: join(caches, 'pip'),
    XDG_CACHE_HOME: join(caches, 'xdg'),
    CONTAINERS_STORAGE_CONF: storage,
  };
  const place = { cwd: clone, env, signal, onLine };
  return {
    commit: await output('git', ['rev-parse', 'HEAD'], { cwd: clone, signal }),
    place,
    remove: async () => {
      await command('hack/cluster', ['down', '--purge'], { ...place, signal: AbortSignal.timeout(120_000) });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
