import { SECRETS as NAMES } from '../../../contracts/names.ts';
import type { ClaimContext } from '../context.ts';
import { SECRETS } from '../kinds.ts';

const MADE_WITHIN_MS = 60_000;

/** The token of `:feedback`, from the Secret that the operator makes. */
export async function feedbackToken({ kube }: Pick<ClaimContext, 'kube'>, model: string): Promise<string> {
  const { suffix, token } = NAMES.feedback;
  const { data } = await kube.until(SECRETS, `${model}-${suffix}`, { what: 'the operator makes a token', deadlineMs: MADE_WITHIN_MS }, (secret) => secret.data[token] !== undefined);
  return Buffer.from(data[token] ?? '', 'base64').toString('utf8').trim();
}
