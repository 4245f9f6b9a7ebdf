import type { ApiClient } from '../api-client.ts';
import { isApiError } from '../api-error.ts';
import { sleep, type Cancel, type Clock, type Random } from '../clock.ts';
import type { ObjectRef } from '../kube-object.ts';
import { withFields, type Logger } from '../logger.ts';
import type { RuntimeMetrics } from '../runtime-metrics.ts';
import { localInstant, type Fence, type LocalClocks } from './fence.ts';
import { decideLease, releasedRecord, sight, sightNone, type LeaseMove, type Sighting } from './lease-decision.ts';
import { RETRY_JITTER, type LeaseTiming } from './lease-timing.ts';
import { LEASES, leaseSpec, newLease, recordOf, type StoredLease } from './lease.ts';

/** Why a leader leads no more. */
export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost';
  readonly code = 'LeadershipLost' as const;
  readonly retryable = false as const;
}

/** What an elector needs. `client` must be one of its own: neither fenced nor retrying, its calls limited to half the renew deadline. */
export type ElectorInput = Readonly<{
  client: ApiClient;
  lease: Required<ObjectRef>;
  /** One of this process alone: pod name and a uuid. */
  identity: string;
  timing: LeaseTiming;
  fence: Fence;
  clock: Clock;
  clocks: LocalClocks;
  random: Random;
  logger: Logger;
  metrics: RuntimeMetrics;
}>;

/** A time of leading. */
export type Leadership = Readonly<{
  /** Aborts with {@link LeadershipLost} when the lease could not be renewed in time, or is another's. */
  lost: AbortSignal;
  /** The lease as it was taken; for events. */
  lease: StoredLease;
  /** Gives the lease back, so that the next one need not wait. Call it once nothing more will be written; never throws. */
  release: () => Promise<void>;
}>;

/** client-go's leader election on a Lease: 15 s, 10 s, 2 s, local observation time, release on stop. */
export class LeaderElector {
  readonly #input: ElectorInput;
  readonly #logger: Logger;
  readonly #lost = new AbortController();
  readonly #ending = new AbortController();
  #stored: StoredLease | undefined;
  #sighting: Sighting | undefined;
  #toldHolder: string | undefined;
  #cancelDeadline: Cancel = () => {};

  constructor(input: ElectorInput) {
    this.#input = input;
    this.#logger = withFields(input.logger, { lease: `${input.lease.namespace}/${input.lease.name}`, identity: input.identity });
    input.metrics.leading.set({ name: input.lease.name }, 0);
  }

  /**
   * Waits until this process leads, however long that takes; failures of the API server are waited out.
   * @throws the signal's reason
   */
  async acquire(signal: AbortSignal): Promise<Leadership> {
    const { clock, random, timing } = this.#input;
    for (;;) {
      signal.throwIfAborted();
      const leadership = await this.tryAcquire(signal);
      if (leadership !== undefined) return leadership;
      await sleep(clock, timing.retryPeriodMs * (1 + RETRY_JITTER * random()), signal);
    }
  }

  /**
   * One try: undefined where another process leads, or the API server gave no answer that tells.
   * @throws the signal's reason
   */
  async tryAcquire(signal: AbortSignal): Promise<Leadership | undefined> {
    if ((await this.#try(signal)) !== 'Held' || this.#stored === undefined) return undefined;
    this.#input.metrics.leading.set({ name: this.#input.lease.name }, 1);
    this.#logger.info({}, 'leading');
    const renewing = this.#renew();
    return { lost: this.#lost.signal, lease: this.#stored, release: async () => this.#release(renewing) };
  }

  async #renew(): Promise<void> {
    const { clock, timing } = this.#input;
    const ends = AbortSignal.any([this.#ending.signal, this.#lost.signal]);
    while (!ends.aborted) {
      try {
        await sleep(clock, timing.retryPeriodMs, ends);
        if ((await this.#try(ends)) === 'Other') this.#lose(`the lease is held by ${this.#sighting?.record.holder ?? 'nobody'}`);
      } catch (error) {
        if (!ends.aborted) throw error;
      }
    }
  }

  /** One look at the lease, and what follows from it. `Unknown`: the API server gave no answer that tells. */
  async #try(signal: AbortSignal): Promise<'Held' | 'Other' | 'Unknown'> {
    const { client, lease, identity, timing, clocks } = this.#input;
    try {
      // The holder need not read what only it writes; a write that someone else overtook is refused by its resourceVersion.
      if (!this.#isOurs()) {
        this.#stored = await client.get(LEASES, lease, signal);
        this.#sighting = this.#stored === undefined ? sightNone(this.#sighting, identity, clocks.monotonicMs()) : sight(this.#sighting, recordOf(this.#stored), clocks.monotonicMs());
      }
      const move = decideLease({ identity, sighting: this.#sighting, nowMs: clocks.monotonicMs(), wallMs: clocks.wallMs(), timing });
      if (move.move === 'Wait') {
        this.#tell(move);
        return 'Other';
      }
      await this.#write(move, signal);
      return 'Held';
    } catch (error) {
      if (signal.aborted) throw error;
      // Overtaken, or gone: the next look reads it.
      this.#stored = undefined;
      this.#logger.warn({ error }, 'the lease could not be had, will try again');
      if (isApiError(error, 'Conflict') || isApiError(error, 'NotFound')) return this.#look(signal);
      return 'Unknown';
    }
  }

  /** After a conflict: who holds it? A leader that lost must know at once. */
  async #look(signal: AbortSignal): Promise<'Other' | 'Unknown'> {
    const { client, lease, identity, clocks } = this.#input;
    try {
      const stored = await client.get(LEASES, lease, signal);
      if (stored === undefined) return 'Unknown';
      this.#sighting = sight(this.#sighting, recordOf(stored), clocks.monotonicMs());
      const { holder } = this.#sighting.record;
      return holder === identity || holder === '' ? 'Unknown' : 'Other';
    } catch (error) {
      if (signal.aborted) throw error;
      return 'Unknown';
    }
  }

  async #write(move: Extract<LeaseMove, { move: 'Take' | 'Renew' }>, signal: AbortSignal): Promise<void> {
    const { client, lease, clocks, fence } = this.#input;
    const sentAt = localInstant(clocks);
    const current = this.#stored;
    const written =
      current === undefined
        ? await client.create(LEASES, newLease(lease, move.record), signal)
        : await client.replace(LEASES, { ...current, spec: { ...current.spec, ...leaseSpec(move.record) } }, signal);
    // An answer that came after the end opens nothing.
    signal.throwIfAborted();
    this.#stored = written;
    this.#sighting = { record: recordOf(written), sinceMs: sentAt.monotonicMs };
    fence.open(sentAt);
    this.#armDeadline(sentAt.monotonicMs);
    if (move.move === 'Take') this.#logger.info({ reason: move.reason, transitions: move.record.transitions }, 'lease taken');
  }

  /** Rings without an answer, too: a renewal that hangs must not keep a leader leading. */
  #armDeadline(sentAtMs: number): void {
    const { clock, clocks, timing } = this.#input;
    this.#cancelDeadline();
    const leftMs = sentAtMs + timing.renewDeadlineMs - clocks.monotonicMs();
    this.#cancelDeadline = clock.schedule(leftMs, () => this.#lose(`the lease could not be renewed for ${timing.renewDeadlineMs / 1000} s`));
  }

  #isOurs(): boolean {
    return this.#stored !== undefined && recordOf(this.#stored).holder === this.#input.identity;
  }

  #lose(why: string): void {
    if (this.#lost.signal.aborted || this.#ending.signal.aborted) return;
    this.#end();
    this.#logger.error({ why }, 'leadership lost, nothing more is written');
    this.#lost.abort(new LeadershipLost(why));
  }

  #end(): void {
    this.#input.fence.close();
    this.#cancelDeadline();
    this.#input.metrics.leading.set({ name: this.#input.lease.name }, 0);
  }

  async #release(renewing: Promise<void>): Promise<void> {
    const { client, clock, clocks, fence, timing } = this.#input;
    this.#end();
    this.#ending.abort();
    await renewing;
    // A write that was cut off may take effect yet: until then nobody else may lead.
    if (fence.uncertainForMs > 0) await sleep(clock, fence.uncertainForMs, new AbortController().signal);
    const current = this.#stored;
    if (this.#lost.signal.aborted || current === undefined || !this.#isOurs()) return;
    try {
      const spec = { ...current.spec, ...leaseSpec(releasedRecord(recordOf(current), clocks.wallMs())) };
      await client.replace(LEASES, { ...current, spec }, AbortSignal.timeout(timing.retryPeriodMs));
      this.#logger.info({}, 'lease given back');
    } catch (error) {
      this.#logger.warn({ error }, 'the lease was not given back: the next leader waits until it is over');
    }
  }

  #tell({ holder }: Extract<LeaseMove, { move: 'Wait' }>): void {
    if (holder === this.#toldHolder) return;
    this.#toldHolder = holder;
    this.#logger.info({ holder }, 'another process leads, standing by');
  }
}
