import { z } from 'zod';
import { LABELS } from '../../../../contracts/names.ts';
import type { ClaimContext } from '../../context.ts';
import { untilServing } from '../../serving.ts';

const Pods = z.looseObject({
  items: z.array(z.looseObject({
    metadata: z.looseObject({ name: z.string() }),
    spec: z.looseObject({ volumes: z.array(z.looseObject({ name: z.string(), projected: z.unknown().optional(), secret: z.unknown().optional() })).default([]) }),
  })),
});

/** Looks for a credential of the cluster from the inside of a container, with the image's own Node.js. */
const LOOK_INSIDE = `
const { existsSync } = require('node:fs');
const folder = '/var/run/secrets/kubernetes.io';
const named = Object.keys(process.env).filter((name) => /TOKEN|KUBECONFIG/.test(name) && name !== 'AWS_SESSION_TOKEN');
console.log(JSON.stringify({ folder: existsSync(folder), named }));
`;

/** Pods of a model hold nothing by which they could speak to the API server. */
export async function noTokens(context: ClaimContext, model: string): Promise<void> {
  const { kube, check } = context;
  await untilServing(kube, model, { deadlineMs: 120_000 });
  const { items } = Pods.parse(JSON.parse(await kube.kubectl('get', 'pods', '--selector', LABELS.model, '--output=json')));
  const mounted = items.filter(({ spec }) => spec.volumes.some((volume) => JSON.stringify(volume).includes('serviceAccountToken') || volume.secret !== undefined)).map(({ metadata }) => metadata.name);
  check('no pod of a model has a token among its volumes', items.length > 0 && mounted.length === 0, mounted.length === 0 ? `${items.length} pods` : mounted.join(', '));
  const serving = (await kube.kubectl('get', 'pods', '--selector', `${LABELS.model}=${model},${LABELS.component}=serving`, '--output=name')).split('\n')[0] ?? '';
  const inside = await kube.kubectl('exec', serving, '--container=serve', '--', 'node', '--eval', LOOK_INSIDE);
  check('and inside a serving container there is none', inside.trim() === '{"folder":false,"named":[]}', inside.trim());
}
