import { z } from 'zod';
import { jsonOrUndefined } from '../../../../contracts/json.ts';
import type { ClaimBasics } from '../../context.ts';
import { postFeedback, type FeedbackAddress } from '../../feedback/send-labels.ts';

const ErrorBody = z.object({ error: z.object({ code: z.string(), message: z.string(), details: z.array(z.object({ path: z.string(), message: z.string() })).optional() }) });

/** A body that must be refused, and how: by which code, naming which field. */
type Case = Readonly<{ name: string; token?: string | null; body: unknown; status: number; code: string; path?: string; says?: string }>;

const AN_HOUR_MS = 3_600_000;

function cases(id: string, model: string): readonly Case[] {
  const label = { id, label: true };
  const [, rest = ''] = id.split('.');
  // Of the right form, and made by no key of ours.
  const forged = `${model}.${rest.slice(0, -1)}${rest.endsWith('A') ? 'B' : 'A'}`;
  return [
    { name: 'no token', token: null, body: { labels: [label] }, status: 401, code: 'TokenRequired' },
    { name: 'another token', token: 'not-the-token', body: { labels: [label] }, status: 401, code: 'TokenInvalid' },
    { name: 'an id that is none', body: { labels: [label, { id: 'churn-1', label: true }] }, status: 422, code: 'InvalidLabels', path: 'labels[1].id', says: 'no prediction id' },
    { name: 'an id of another model', body: { labels: [{ id: `other.${rest}`, label: true }] }, status: 422, code: 'InvalidLabels', path: 'labels[0].id', says: 'another model' },
    { name: 'an id that nobody gave out', body: { labels: [{ id: forged, label: true }] }, status: 422, code: 'InvalidLabels', path: 'labels[0].id', says: 'gave out' },
    { name: 'a label from the future', body: { labels: [{ ...label, observedAt: new Date(Date.now() + AN_HOUR_MS).toISOString() }] }, status: 422, code: 'InvalidLabels', path: 'labels[0].observedAt', says: 'future' },
    { name: 'a time without a zone', body: { labels: [{ ...label, observedAt: '2026-11-21 07:00' }] }, status: 422, code: 'InvalidLabels', path: 'labels[0].observedAt', says: 'RFC 3339' },
    { name: 'a class that is none', body: { labels: [{ id, label: 'Maybe' }] }, status: 422, code: 'InvalidLabels', path: 'labels[0].label' },
    { name: 'neither id nor entity', body: { labels: [{ label: true }] }, status: 422, code: 'InvalidLabels', path: 'labels[0]' },
    { name: 'two that contradict each other', body: { labels: [{ ...label, observedAt: '2026-11-21T07:00:00Z' }, { id, label: false, observedAt: '2026-11-21T07:00:00Z' }] }, status: 422, code: 'InvalidLabels', path: 'labels[1].label', says: 'contradicts' },
    { name: 'no labels', body: {}, status: 422, code: 'InvalidLabels', path: 'labels' },
  ];
}

/** Labels that are wrong are refused, each by its own code, with the place of the mistake and without the value. @param id of a prediction of the model */
export async function refusesBadLabels({ check }: ClaimBasics, address: FeedbackAddress, id: string): Promise<number> {
  const [model = ''] = id.split('.');
  const all = cases(id, model);
  for (const { name, token, body, status, code, path, says } of all) {
    const answer = await postFeedback(token === undefined ? address : { ...address, token: token ?? undefined }, JSON.stringify(body));
    const error = ErrorBody.safeParse(jsonOrUndefined(answer.text)).data?.error;
    const detail = path === undefined ? undefined : error?.details?.find((each) => each.path === path);
    const told = answer.status === status && error?.code === code && (path === undefined || (detail !== undefined && (says === undefined || detail.message.includes(says))));
    check(`a label is refused: ${name}`, told, `${answer.status} ${error?.code ?? answer.text.slice(0, 100)}${detail === undefined ? '' : `: ${detail.path} ${detail.message}`}`);
  }
  return all.length;
}
