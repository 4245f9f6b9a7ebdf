import { sha256Hex } from '../../contracts/digest.ts';
import { durationMs } from '../../contracts/duration.ts';
import { MAX_PREDICTION_KEYS, PredictionKeys } from '../../contracts/feedback.ts';
import { jsonOrUndefined } from '../../contracts/json.ts';
import { ACTIONS, ANNOTATIONS, SECRETS } from '../../contracts/names.ts';
import type { Desired } from './desired.ts';
import { modelSecretName } from './pod-parts.ts';
import { childLabels, childMetadata, type Subject } from './subject.ts';

/** How long the token before the newest one is good: applications read the mounted one again within that time. */
export const PREVIOUS_TOKEN_MS = 24 * 3_600_000;
/** A key signs so long after it was written: by then every pod has it (the kubelet brings a changed Secret within two minutes). */
export const SIGN_AHEAD_MS = 5 * 60_000;
/** How far the clocks of two leaders may be apart. */
const CLOCKS_DIFFER_MS = 5 * 60_000;

/** A Secret as it is: values in base64. */
export type SecretContent = Readonly<{ annotations: Readonly<Record<string, string>>; data: Readonly<Record<string, string>> }>;

/** What becomes of a Secret; `dueMs`: when to look again on its own account, epoch milliseconds. */
export type SecretPlan = Readonly<
  | { plan: 'Keep'; dueMs: number | undefined }
  | { plan: 'Create'; secret: Desired; dueMs: number | undefined }
  | { plan: 'Patch'; patch: Readonly<{ metadata?: object; data: Readonly<Record<string, string | null>> }>; dueMs: number | undefined }
  /** Somebody put something there that is none: it is left alone. */
  | { plan: 'Refuse'; message: string }
>;

/** @param random gives so many unpredictable bytes */
type PlanInput = Readonly<{ subject: Subject; stored: SecretContent | undefined; nowMs: number; random: (bytes: number) => Buffer }>;

/** What a rotation is known by: the text of the annotation, which may be long. Empty: none was ever asked for. */
export function rotationOf({ annotations }: Pick<Subject, 'annotations'>): string {
  const text = annotations[ACTIONS.rotateFeedbackToken];
  return text === undefined ? '' : sha256Hex(text).slice(0, 16);
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function decode(value: string | undefined): string {
  return Buffer.from(value ?? '', 'base64').toString('utf8').trim();
}

function created({ subject, nowMs }: PlanInput, which: keyof typeof SECRETS, data: Readonly<Record<string, string>>): SecretPlan {
  const metadata = childMetadata(subject, SECRETS[which].suffix, childLabels(subject, 'serving'));
  const annotations = { [ANNOTATIONS.rotatedFor]: rotationOf(subject), [ANNOTATIONS.rotatedAt]: new Date(nowMs).toISOString() };
  return { plan: 'Create', secret: { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { ...metadata, annotations }, data }, dueMs: undefined };
}

/** Whether a text was set that this Secret was not rotated for. Taking the annotation away is none. */
function isRotationDue({ subject, stored }: PlanInput): boolean {
  const rotation = rotationOf(subject);
  return rotation !== '' && stored?.annotations[ANNOTATIONS.rotatedFor] !== rotation;
}

function rotated({ subject, nowMs }: PlanInput, data: Readonly<Record<string, string | null>>, dueMs: number | undefined): SecretPlan {
  const annotations = { [ANNOTATIONS.rotatedFor]: rotationOf(subject), [ANNOTATIONS.rotatedAt]: new Date(nowMs).toISOString() };
  return { plan: 'Patch', patch: { metadata: { annotations }, data }, dueMs };
}

/** 256 bits of a bearer token (RFC 6750). */
function newToken(random: PlanInput['random']): string {
  return random(32).toString('base64url');
}

/** The Secret with the bearer token of `:feedback`. A token that is there is never written over, but by a rotation, which keeps it for a day. */
export function planFeedback(input: PlanInput): SecretPlan {
  const { stored, nowMs, random } = input;
  const { token, previousToken } = SECRETS.feedback;
  if (stored === undefined) return created(input, 'feedback', { [token]: encode(newToken(random)) });
  const current = decode(stored.data[token]);
  if (current === '') return { plan: 'Patch', patch: { data: { [token]: encode(newToken(random)) } }, dueMs: undefined };
  if (isRotationDue(input)) return rotated(input, { [token]: encode(newToken(random)), [previousToken]: encode(current) }, nowMs + PREVIOUS_TOKEN_MS);
  if (stored.data[previousToken] === undefined) return { plan: 'Keep', dueMs: undefined };
  const rotatedMs = Date.parse(stored.annotations[ANNOTATIONS.rotatedAt] ?? '');
  // By a clock that jumped back, or is far from that of the leader before, or by a hand: its day begins now, so that it neither ends early nor lasts.
  if (Number.isNaN(rotatedMs) || rotatedMs > nowMs + CLOCKS_DIFFER_MS) return { plan: 'Patch', patch: { metadata: { annotations: { [ANNOTATIONS.rotatedAt]: new Date(nowMs).toISOString() } }, data: {} }, dueMs: nowMs + PREVIOUS_TOKEN_MS };
  const dueMs = rotatedMs + PREVIOUS_TOKEN_MS;
  if (dueMs > nowMs) return { plan: 'Keep', dueMs };
  return { plan: 'Patch', patch: { data: { [previousToken]: null } }, dueMs: undefined };
}

type Key = PredictionKeys['keys'][number];

function encodeKeys(keys: readonly Key[]): string {
  return encode(JSON.stringify(PredictionKeys.parse({ schemaVersion: 1, keys })));
}

function parseKeys(value: string): readonly Key[] | undefined {
  return PredictionKeys.safeParse(jsonOrUndefined(value)).data?.keys;
}

/** Keys that labels may still come for: those that another one took the place of less than `keepMs` ago. Room for one more is made. */
function remaining(keys: readonly Key[], keepMs: number, nowMs: number): readonly Key[] {
  const sorted = keys.toSorted((a, b) => Date.parse(a.signFrom) - Date.parse(b.signFrom));
  const kept = sorted.filter((_, index) => {
    const next = sorted[index + 1];
    return next === undefined || Date.parse(next.signFrom) + keepMs >= nowMs;
  });
  return kept.slice(-(MAX_PREDICTION_KEYS - 1));
}

/** The Secret with the keys of prediction ids. A rotation adds one that signs some minutes later; old ones stay as long as predictions are kept. */
export function planPredictionKeys(input: PlanInput): SecretPlan {
  const { subject, stored, nowMs, random } = input;
  const { keys: name } = SECRETS.predictionKeys;
  const newKey = (signFromMs: number): Key => ({ secret: random(32).toString('base64'), signFrom: new Date(signFromMs).toISOString() });
  if (stored === undefined) return created(input, 'predictionKeys', { [name]: encodeKeys([newKey(nowMs)]) });
  const text = decode(stored.data[name]);
  if (text === '') return { plan: 'Patch', patch: { data: { [name]: encodeKeys([newKey(nowMs)]) } }, dueMs: undefined };
  const keys = parseKeys(text);
  if (keys === undefined) return { plan: 'Refuse', message: `${name} of Secret ${modelSecretName(subject, 'predictionKeys')} holds no keys of prediction ids, so it was left alone. Put back what was there, or delete the Secret: it is made anew, and labels by older ids are refused then.` };
  if (!isRotationDue(input)) return { plan: 'Keep', dueMs: undefined };
  const { predictions } = subject.spec.retention ?? {};
  const keepMs = predictions === undefined ? Number.POSITIVE_INFINITY : durationMs(predictions);
  return rotated(input, { [name]: encodeKeys([...remaining(keys, keepMs, nowMs), newKey(nowMs + SIGN_AHEAD_MS)]) }, undefined);
}
