import { z } from 'zod';
import type { ClaimContext } from './context.ts';
import { CHURN_MODELS } from './kinds.ts';

/** What the status says of a gate, as far as claims look at it. */
const GateView = z.looseObject({
  verdict: z.string().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  finishedAt: z.string().optional(),
  auc: z.number().optional(),
  lower: z.number().optional(),
  upper: z.number().optional(),
  rows: z.int().optional(),
  positives: z.int().optional(),
  negatives: z.int().optional(),
  difference: z.object({ value: z.number(), lower: z.number(), upper: z.number() }).optional(),
  evidence: z.object({ path: z.string(), sha256: z.string() }).optional(),
  failure: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});
export type GateView = z.infer<typeof GateView>;

const Status = z.looseObject({ candidate: z.looseObject({ gate: GateView.optional() }).optional() });

/** Where the gate of a model stands; undefined: it has not been asked. */
export async function gateOf({ kube }: Pick<ClaimContext, 'kube'>, model: string): Promise<GateView | undefined> {
  const { status } = await kube.get(CHURN_MODELS, model);
  return Status.parse(status ?? {}).candidate?.gate;
}

const LOOKED_WITHIN_MS = 240_000;

/** Changes what the gate asks for, which makes it look at once, and waits for what it finds. */
export async function lookAgain(context: Pick<ClaimContext, 'kube'>, model: string, gate: Readonly<Record<string, unknown>>): Promise<GateView> {
  const { kube } = context;
  await kube.untilAny({ what: 'the gate has looked for the first time', deadlineMs: LOOKED_WITHIN_MS, everyMs: 300 }, async () => gateOf(context, model), (seen) => seen?.verdict !== undefined);
  const sinceMs = Date.now();
  await kube.patch(CHURN_MODELS, model, { spec: { rollout: { gate } } });
  const found = await kube.untilAny({ what: 'the gate has looked again', deadlineMs: LOOKED_WITHIN_MS, everyMs: 300 }, async () => gateOf(context, model), (seen) => seen?.verdict !== undefined && seen.evidence !== undefined && Date.parse(seen.finishedAt ?? '') >= sinceMs);
  if (found === undefined) throw new Error('a gate that has looked was seen');
  return found;
}
