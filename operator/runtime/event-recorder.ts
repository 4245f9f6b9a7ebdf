import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import { isApiError } from './api-error.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Clock, Random } from './clock.ts';
import { EventSpamFilter } from './event-spam-filter.ts';
import { StoredMeta, type KubeObject, type ObjectRef } from './kube-object.ts';
import { withFields, type Logger } from './logger.ts';
import { microTime } from './micro-time.ts';
import { orAborted } from './or-aborted.ts';
import type { ResourceKind } from './resource-kind.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';

/** The API server's own limits. */
const longestNoteBytes = 1024;
const longestWord = 128;
/** client-go's: an event that repeats within this time is the same one, once more. */
const seriesMs = 6 * 60_000;
const rememberedSeries = 4096;
/** Events waiting for the API server; a storm beyond this is dropped, and counted. */
const longestBacklog = 1000;
const writeTimeoutMs = 30_000;

const StoredEvent = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: StoredMeta,
  eventTime: z.string().nullish(),
  reason: z.string().optional(),
  action: z.string().optional(),
  note: z.string().optional(),
  type: z.string().optional(),
  reportingController: z.string().optional(),
  reportingInstance: z.string().optional(),
  regarding: z.object({ kind: z.string().optional(), name: z.string().optional(), uid: z.string().optional() }).optional(),
  series: z.object({ count: z.number(), lastObservedTime: z.string() }).nullish(),
});

/** events.k8s.io/v1 Event, as far as we read it back. */
export const eventKind: ResourceKind<z.infer<typeof StoredEvent>> = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
  schema: StoredEvent,
};

/** Something a person should read in `kubectl describe`. */
export type RecordedEvent = Readonly<{
  regarding: KubeObject;
  related?: KubeObject | undefined;
  type: 'Normal' | 'Warning';
  /** CamelCase, from a closed union; at most 128 characters. */
  reason: string;
  /** CamelCase: what was done, or not done; at most 128 characters. */
  action: string;
  /** For people; cut at 1 KiB. */
  note: string;
}>;

type Series = Readonly<{ ref: ObjectRef; count: number; lastMs: number }>;

/**
 * Writes events.k8s.io/v1 in the background, in order. One that repeats within 6 minutes becomes a series on the first
 * (its note stays that of the first); floods about one object are dropped; failures are logged and counted, and never
 * reach the caller.
 */
export class EventRecorder {
  readonly #input: EventRecorderInput;
  readonly #logger: Logger;
  readonly #spam: EventSpamFilter;
  readonly #series = new BoundedMap<Series>(rememberedSeries);
  #tail: Promise<void> = Promise.resolve();
  #backlog = 0;

  constructor(input: EventRecorderInput) {
    this.#input = input;
    this.#logger = withFields(input.logger, { component: 'event-recorder' });
    this.#spam = new EventSpamFilter(input.clock);
  }

  /** Takes an event and returns at once; never throws. */
  record(event: RecordedEvent): void {
    const { metrics, clock } = this.#input;
    const { uid } = event.regarding.metadata;
    if (this.#backlog >= longestBacklog || !this.#spam.admits(uid)) {
      metrics.events.inc({ outcome: 'dropped' });
      return;
    }
    const atMs = clock.nowMs();
    this.#backlog += 1;
    this.#tail = this.#after(this.#tail, event, atMs);
  }

  /**
   * Waits until everything recorded so far is written or given up.
   * @throws the signal's reason
   */
  async flush(signal: AbortSignal): Promise<void> {
    await orAborted(this.#tail, signal);
  }

  async #after(previous: Promise<void>, event: RecordedEvent, atMs: number): Promise<void> {
    await previous;
    const { metrics } = this.#input;
    try {
      metrics.events.inc({ outcome: await this.#write(event, atMs, AbortSignal.timeout(writeTimeoutMs)) });
    } catch (error) {
      metrics.events.inc({ outcome: 'failed' });
      this.#logger.warn({ error, reason: event.reason }, 'an event was not written');
    } finally {
      this.#backlog -= 1;
    }
  }

  async #write(event: RecordedEvent, atMs: number, signal: AbortSignal): Promise<'created' | 'repeated'> {
    const key = this.#keyOf(event);
    const known = this.#series.get(key);
    if (known !== undefined && atMs - known.lastMs < seriesMs && (await this.#repeat(key, known, atMs, signal))) return 'repeated';
    const ref = this.#newRef(event.regarding, atMs);
    await this.#input.client.create(eventKind, this.#bodyOf(event, ref, atMs), signal);
    this.#series.set(key, { ref, count: 1, lastMs: atMs });
    return 'created';
  }

  /** @returns false when the first event has expired meanwhile (events live an hour) */
  async #repeat(key: string, known: Series, atMs: number, signal: AbortSignal): Promise<boolean> {
    const count = known.count + 1;
    try {
      await this.#input.client.mergePatch(eventKind, known.ref, { series: { count, lastObservedTime: microTime(atMs) } }, {}, signal);
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
      this.#series.delete(key);
      return false;
    }
    this.#series.set(key, { ...known, count, lastMs: atMs });
    return true;
  }

  #bodyOf(event: RecordedEvent, ref: Required<ObjectRef>, atMs: number): EventBody {
    const { reportingController, reportingInstance } = this.#input;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: ref,
      eventTime: microTime(atMs),
      reportingController: reportingController.slice(0, longestWord),
      reportingInstance: reportingInstance.slice(0, longestWord),
      type: event.type,
      reason: event.reason.slice(0, longestWord),
      action: event.action.slice(0, longestWord),
      note: cutBytes(event.note, longestNoteBytes),
      regarding: referenceTo(event.regarding),
      ...(event.related === undefined ? {} : { related: referenceTo(event.related) }),
    };
  }

  /** As client-go: what the event is about, and when, in hexadecimal; a random end keeps two in one millisecond apart. */
  #newRef(regarding: KubeObject, atMs: number): Required<ObjectRef> {
    const suffix = `${Math.floor(atMs).toString(16)}${Math.floor(this.#input.random() * 0x1_00_00_00).toString(16).padStart(6, '0')}`;
    return { namespace: regarding.metadata.namespace ?? 'default', name: `${regarding.metadata.name.slice(0, 200)}.${suffix}` };
  }

  /** With the note: the promotion of one version is not a repetition of another's. */
  #keyOf({ regarding, related, type, reason, action, note }: RecordedEvent): string {
    return [regarding.metadata.uid, related?.metadata.uid ?? '', type, reason, action, note].join('/');
  }
}

/** What a recorder needs. */
export type EventRecorderInput = Readonly<{
  client: ApiClient;
  /** A qualified name: `churnops.dev/operator`. */
  reportingController: string;
  /** The pod's name. */
  reportingInstance: string;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: RuntimeMetrics;
}>;

type Reference = Readonly<{ apiVersion: string; kind: string; name: string; namespace?: string; uid: string; resourceVersion: string }>;
type EventBody = Readonly<{
  apiVersion: string;
  kind: string;
  metadata: Required<ObjectRef>;
  eventTime: string;
  reportingController: string;
  reportingInstance: string;
  type: RecordedEvent['type'];
  reason: string;
  action: string;
  note: string;
  regarding: Reference;
  related?: Reference;
}>;

function referenceTo({ apiVersion, kind, metadata }: KubeObject): Reference {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { apiVersion, kind, name, uid, resourceVersion, ...(namespace === undefined ? {} : { namespace }) };
}

/** The longest prefix of whole characters within `limit` bytes of UTF-8, marked where it was cut. */
function cutBytes(text: string, limit: number): string {
  if (Buffer.byteLength(text) <= limit) return text;
  const mark = '…';
  let left = limit - Buffer.byteLength(mark);
  let kept = '';
  for (const character of text) {
    left -= Buffer.byteLength(character);
    if (left < 0) break;
    kept += character;
  }
  return kept + mark;
}
