import type { ClaimContext } from './context.ts';
import { ADDRESSED_PODS, CONFIG_MAPS, PODS, VOLUME_CLAIMS } from './kinds.ts';
import { serverImage } from './load/pod-load.ts';

const STARTED_WITHIN_MS = 120_000;
const FOLDER = '/volume';
const PORT = 9090;

/** Puts (PUT), lists (GET) and deletes (DELETE) files of the mounted volume; it is what `kubectl cp` needs a shell for. */
const PROGRAM = `
import { createServer } from 'node:http';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
createServer(async (req, res) => {
  try {
    const path = join('${FOLDER}', decodeURIComponent(new URL(req.url, 'http://x').pathname));
    if (req.url === '/healthz') return res.end('ok');
    if (req.method === 'GET') {
      const entries = await readdir('${FOLDER}', { recursive: true, withFileTypes: true });
      return res.end(JSON.stringify(entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name).slice(${FOLDER.length + 1})).toSorted()));
    }
    if (req.method === 'DELETE') await rm(path, { recursive: true, force: true });
    else {
      const chunks = [];
      for await (const chunk of req) chunks.push(chunk);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, Buffer.concat(chunks));
    }
    res.end('[]');
  } catch (error) {
    res.writeHead(500).end(String(error));
  }
}).listen(${PORT});
`;

/** A volume claim of the claim's namespace, and a pod through which files get onto it, as people copy them. */
export class Volume {
  readonly claim: string;
  readonly #url: string;
  readonly #signal: AbortSignal;

  private constructor(claim: string, url: string, signal: AbortSignal) {
    this.claim = claim;
    this.#url = url;
    this.#signal = signal;
  }

  /** Claims a volume of the cluster's default class and opens it. */
  static async create(context: ClaimContext, claim: string): Promise<Volume> {
    const { kube, signal } = context;
    await claimVolume(context, claim);
    const name = `${claim}-files`;
    const program = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { 'files.mjs': PROGRAM } };
    await kube.apply(program);
    await kube.apply(podOf(name, claim, await serverImage(context)));
    await kube.until(PODS, name, { what: `volume ${claim} is mounted`, deadlineMs: STARTED_WITHIN_MS }, ({ status }) => status.containerStatuses.some(({ ready }) => ready));
    const { status } = await kube.get(ADDRESSED_PODS, name);
    return new Volume(claim, `http://${status.podIP}:${PORT}`, signal);
  }

  async put(path: string, body: Uint8Array | string): Promise<void> {
    await this.#ask('PUT', path, body);
  }

  async delete(path: string): Promise<void> {
    await this.#ask('DELETE', path);
  }

  /** Paths of all files, sorted. */
  async files(): Promise<readonly string[]> {
    const list: unknown = JSON.parse(await this.#ask('GET', ''));
    return Array.isArray(list) ? list.map(String) : [];
  }

  async #ask(method: string, path: string, body?: Uint8Array | string): Promise<string> {
    const url = `${this.#url}/${path.split('/').map(encodeURIComponent).join('/')}`;
    const answer = await fetch(url, { method, signal: this.#signal, ...(body === undefined ? {} : { body: Buffer.from(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`volume: ${method} ${path}: ${text}`);
    return text;
  }
}

/** Removes what {@link Volume.create} made but the claim itself, which goes with its namespace. */
export async function closeVolume({ kube }: ClaimContext, claim: string): Promise<void> {
  await kube.delete(PODS, `${claim}-files`);
  await kube.delete(CONFIG_MAPS, `${claim}-files`);
}

/** A claim that one node at a time may mount, as most storage gives it. */
export async function claimVolume({ kube }: ClaimContext, name: string): Promise<void> {
  const claim = { apiVersion: 'v1', kind: VOLUME_CLAIMS.kind, metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } as const;
  await kube.apply(claim);
}

function podOf(name: string, claim: string, image: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, runAsGroup: 65_532, fsGroup: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'files',
          image,
          command: ['node', '/program/files.mjs'],
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
          resources: { requests: { cpu: '20m', memory: '64Mi' } },
          readinessProbe: { httpGet: { path: '/healthz', port: PORT }, periodSeconds: 1 },
          volumeMounts: [
            { name: 'program', mountPath: '/program' },
            { name: 'volume', mountPath: FOLDER },
          ],
        },
      ],
      volumes: [
        { name: 'program', configMap: { name } },
        { name: 'volume', persistentVolumeClaim: { claimName: claim } },
      ],
    },
  } as const;
}
