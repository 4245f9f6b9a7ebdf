import { z } from 'zod';
import { LABELS, SECRETS } from '../../../../contracts/names.ts';
import type { ClaimContext } from '../../context.ts';
import { untilServing } from '../../serving.ts';

const Pods = z.looseObject({
  items: z.array(z.looseObject({
    metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
    spec: z.looseObject({ volumes: z.array(z.looseObject({ name: z.string(), projected: z.unknown().optional(), secret: z.looseObject({ secretName: z.string().optional() }).optional() })).default([]) }),
  })),
});

/** Looks for a credential of the cluster from the inside of a container, with the image's own Node.js. */
const LOOK_INSIDE = `
const { existsSync } = require('node:fs');
const folder = '/var/run/secrets/kubernetes.io';
const named = Object.keys(process.env).filter((name) => /TOKEN|KUBECONFIG/.test(name) && name !== 'AWS_SESSION_TOKEN');
console.log(JSON.stringify({ folder: existsSync(folder), named }));
`;

/** What serving pods mount of Secrets: the token that applications show them, and what prediction ids are signed with. Neither opens anything of the cluster. */
function isTheirs(model: string, secretName: string | undefined): boolean {
  return Object.values(SECRETS).some(({ suffix }) => secretName === `${model}-${suffix}`);
}

function modelOf(labels: Readonly<Record<string, string>>): string {
  return labels[LABELS.model] ?? '';
}

/** Pods of a model hold nothing by which they could speak to the API server. */
export async function noTokens(context: ClaimContext, model: string): Promise<void> {
  const { kube, check } = context;
  await untilServing(kube, model, { deadlineMs: 120_000 });
  const { items } = Pods.parse(JSON.parse(await kube.kubectl('get', 'pods', '--selector', LABELS.model, '--output=json')));
  const mounted = items.filter(({ metadata, spec }) => spec.volumes.some((volume) => JSON.stringify(volume).includes('serviceAccountToken') || (volume.secret !== undefined && !isTheirs(modelOf(metadata.labels), volume.secret.secretName)))).map(({ metadata }) => metadata.name);
  check('no pod of a model has a token of the cluster, or a Secret of anybody else, among its volumes', items.length > 0 && mounted.length === 0, mounted.length === 0 ? `${items.length} pods` : mounted.join(', '));
  const serving = (await kube.kubectl('get', 'pods', '--selector', `${LABELS.model}=${model},${LABELS.component}=serving`, '--output=name')).split('\n')[0] ?? '';
  const inside = await kube.kubectl('exec', serving, '--container=serve', '--', 'node', '--eval', LOOK_INSIDE);
  check('and inside a serving container there is none', inside.trim() === '{"folder":false,"named":[]}', inside.trim());
}
