import { join } from 'node:path';
import { build } from 'esbuild';
import { z } from 'zod';
import { SYSTEM_NAMESPACE, type ClaimContext } from '../context.ts';
import { CONFIG_MAPS, DEPLOYMENTS, PODS } from '../kinds.ts';
import type { RunningLoad } from './load.ts';
import { LoadReport, type LoadCommand, type LoadPlan } from './protocol.ts';

const NAME = 'callers';
const PROGRAM = 'pod-program.mjs';
const STARTED_WITHIN_MS = 60_000;
/** etcd takes no more in one object. */
const LONGEST_PROGRAM_BYTES = 1_000_000;

const OperatorDeployment = z.looseObject({ template: z.looseObject({ spec: z.looseObject({ containers: z.array(z.looseObject({ env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })) })) }) }) });

/** Callers in a pod of the claim's namespace: they reach the Service by its name, through DNS and kube-proxy, as applications do. */
export class PodLoad implements RunningLoad {
  readonly #control: string;
  readonly #signal: AbortSignal;

  private constructor(control: string, signal: AbortSignal) {
    this.#control = control;
    this.#signal = signal;
  }

  /** Starts the pod, and in it the calls. It uses the image of the serving pods: it has Node.js, and the node has it already. */
  static async start(context: ClaimContext, plan: LoadPlan): Promise<PodLoad> {
    const { kube, signal, controlUrl } = context;
    const program = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME }, data: { [PROGRAM]: await bundled() } };
    await kube.apply(program);
    await kube.apply(podOf(await serverImage(context)));
    await kube.until(PODS, NAME, { what: 'the callers run', deadlineMs: STARTED_WITHIN_MS }, ({ status }) => status.containerStatuses.some(({ ready }) => ready));
    const load = new PodLoad(await controlUrl(NAME), signal);
    await load.#post('/start', plan);
    return load;
  }

  /** Removes the pod and its program. */
  static async remove({ kube }: ClaimContext): Promise<void> {
    await kube.delete(PODS, NAME);
    await kube.delete(CONFIG_MAPS, NAME);
  }

  async phase(phase: string, versions: Readonly<Record<string, string>>, retryAfterMs?: number): Promise<void> {
    await this.#tell({ command: 'Phase', phase, versions, retryAfterMs });
  }

  async stop(): Promise<LoadReport> {
    return LoadReport.parse(await this.#tell({ command: 'Stop' }));
  }

  async #tell(command: LoadCommand): Promise<unknown> {
    return this.#post('/command', command);
  }

  async #post(path: string, body: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#control}${path}`, { method: 'POST', body: JSON.stringify(body), signal: this.#signal });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`callers: ${text}`);
    return JSON.parse(text);
  }
}

async function bundled(): Promise<string> {
  const { outputFiles } = await build({ entryPoints: [join(import.meta.dirname, PROGRAM.replace('.mjs', '.ts'))], bundle: true, format: 'esm', platform: 'node', target: 'node24', minify: true, legalComments: 'none', write: false, logLevel: 'warning' });
  const text = outputFiles[0]?.text ?? '';
  if (text === '' || Buffer.byteLength(text) > LONGEST_PROGRAM_BYTES) throw new Error(`the callers' program has ${Buffer.byteLength(text)} bytes: a ConfigMap takes ${LONGEST_PROGRAM_BYTES}`);
  return text;
}

/** Image of the serving pods, as the operator was told. */
export async function serverImage({ kube }: ClaimContext): Promise<string> {
  const { spec } = await kube.get(DEPLOYMENTS, { namespace: SYSTEM_NAMESPACE, name: 'churnops-operator' });
  const variables = OperatorDeployment.parse(spec).template.spec.containers.flatMap(({ env }) => env);
  const image = variables.find(({ name }) => name === 'CHURNOPS_SERVER_IMAGE')?.value;
  if (image === undefined) throw new Error('the operator names no server image');
  return image;
}

function podOf(image: string) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: NAME },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: NAME,
          image,
          command: ['node', `/program/${PROGRAM}`],
          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
          resources: { requests: { cpu: '50m', memory: '64Mi' } },
          readinessProbe: { httpGet: { path: '/healthz', port: 9090 }, periodSeconds: 1 },
          volumeMounts: [{ name: 'program', mountPath: '/program' }],
        },
      ],
      volumes: [{ name: 'program', configMap: { name: NAME } }],
    },
  } as const;
}
