import { Registry } from 'prom-client';
import { ApiClient } from '../../../../../operator/runtime/api-client.ts';
import { ApiError } from '../../../../../operator/runtime/api-error.ts';
import type { Cancel, Clock } from '../../../../../operator/runtime/clock.ts';
import { LeaderElector, type Leadership } from '../../../../../operator/runtime/leader-election/elector.ts';
import { Fence, type LocalClocks } from '../../../../../operator/runtime/leader-election/fence.ts';
import { fencedTransport } from '../../../../../operator/runtime/leader-election/fenced-transport.ts';
import { DEFAULT_TIMING, writeTimeoutMs } from '../../../../../operator/runtime/leader-election/lease-timing.ts';
import { RuntimeMetrics } from '../../../../../operator/runtime/runtime-metrics.ts';
import { timedTransport, type ApiRequest, type ApiResponse, type Transport } from '../../../../../operator/runtime/transport.ts';
import { RecordingLogger } from '../recording-logger.ts';

/** One thing that happens at a time of the world. */
type Happening = Readonly<{ atMs: number; order: number; run: () => void }>;

/** True time, which no candidate knows. */
export class World {
  nowMs = 0;
  #order = 0;
  readonly #happenings = new Set<Happening>();

  at(delayMs: number, run: () => void): Cancel {
    const happening = { atMs: this.nowMs + Math.max(delayMs, 0), order: (this.#order += 1), run };
    this.#happenings.add(happening);
    return () => this.#happenings.delete(happening);
  }

  /** Lets everything happen that is due until then, in order; promises run to their end in between. */
  async runUntil(endMs: number): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = [...this.#happenings].reduce<Happening | undefined>((best, each) => (best === undefined || each.atMs < best.atMs || (each.atMs === best.atMs && each.order < best.order) ? each : best), undefined);
      if (next === undefined || next.atMs > endMs) break;
      this.#happenings.delete(next);
      this.nowMs = next.atMs;
      next.run();
    }
    this.nowMs = endMs;
  }
}

/** What chance does to one call. */
export type Fate = Readonly<{
  /** On the way there, and back. */
  wayMs: number;
  /** In the API server, at most as long as it was given. */
  workMs: number;
  outcome: 'Answered' | 'Refused' | 'AnswerLost';
}>;

/** A lease and one object that leaders write: who wrote, and whom the lease named at that moment. */
export class SimulatedServer {
  #lease: Record<string, unknown> | undefined;
  #version = 0;
  readonly writes: { readonly atMs: number; readonly writer: string; readonly holder: string }[] = [];

  get holder(): string {
    const spec = this.#lease?.['spec'];
    return typeof spec === 'object' && spec !== null && 'holderIdentity' in spec && typeof spec.holderIdentity === 'string' ? spec.holderIdentity : '';
  }

  /** kubectl delete lease. */
  deleteLease(): void {
    this.#lease = undefined;
  }

  answer(request: ApiRequest, writer: string, atMs: number): ApiResponse {
    if (!request.path.includes('/leases')) {
      this.writes.push({ atMs, writer, holder: this.holder });
      return { status: 200, text: '{}' };
    }
    if (request.method === 'GET') return this.#lease === undefined ? refusal(404, 'NotFound') : { status: 200, text: JSON.stringify(this.#lease) };
    const body = JSON.parse(request.body ?? '{}');
    if (request.method === 'POST' && this.#lease !== undefined) return refusal(409, 'AlreadyExists');
    if (request.method === 'PUT' && this.#lease === undefined) return refusal(404, 'NotFound');
    if (request.method === 'PUT' && body.metadata.resourceVersion !== String(this.#version)) return refusal(409, 'Conflict');
    this.#version += 1;
    this.#lease = { ...body, metadata: { ...body.metadata, uid: 'u', resourceVersion: String(this.#version) } };
    return { status: 200, text: JSON.stringify(this.#lease) };
  }
}

function refusal(status: number, reason: string): ApiResponse {
  return { status, text: JSON.stringify({ kind: 'Status', reason, message: reason }) };
}

/** How a candidate's machine differs from true time. */
export type Machine = Readonly<{ wallOffsetMs: number; driftPpm: number }>;

/** A process that stands for election and, while it leads, writes as fast as it may. It can be stopped, and go on. */
export class SimulatedCandidate {
  readonly #world: World;
  readonly #server: SimulatedServer;
  readonly #fate: () => Fate;
  readonly #machine: Machine;
  readonly #stopped = new AbortController();
  #paused = false;
  /** What became due while it was stopped: sockets first, then timers, as libuv has it. */
  #late: { readonly io: boolean; readonly run: () => void }[] = [];
  #wallJumpMs = 0;
  readonly name: string;
  readonly logger = new RecordingLogger();
  leadership: Leadership | undefined;
  /** What its first try gave; undefined: there was none yet. */
  ledAtOnce: boolean | undefined;
  ended = false;

  constructor(input: Readonly<{ name: string; world: World; server: SimulatedServer; machine: Machine; fate: () => Fate; random: () => number }>) {
    const { name, world, server, machine, fate, random } = input;
    this.name = name;
    this.#world = world;
    this.#server = server;
    this.#machine = machine;
    this.#fate = fate;
    const timing = DEFAULT_TIMING;
    const clocks = this.#clocks();
    const fence = new Fence({ clocks, openForMs: timing.renewDeadlineMs });
    const clock = this.#clock();
    const transport = this.#transport();
    const elector = new LeaderElector({
      client: new ApiClient({ transport: timedTransport(transport, timing.renewDeadlineMs / 2), fieldManager: 'm' }),
      lease: { namespace: 'n', name: 'l' },
      identity: name,
      timing, fence, clock, clocks, random, logger: this.logger, metrics: new RuntimeMetrics(new Registry()),
    });
    void this.#live(elector, fencedTransport(transport, fence, { writeTimeoutMs: writeTimeoutMs(timing) }), clock);
  }

  /** SIGSTOP: no timer fires and no answer is read, but what left goes on. */
  pause(): void {
    this.#paused = true;
  }

  /** SIGCONT. */
  resume(): void {
    this.#paused = false;
    const late = this.#late.toSorted((a, b) => Number(b.io) - Number(a.io));
    this.#late = [];
    for (const { io, run } of late) this.#world.at(0, () => this.#whenRunning(run, io));
  }

  /** Somebody sets the machine's clock. */
  setWallClock(jumpMs: number): void {
    this.#wallJumpMs += jumpMs;
  }

  /** SIGTERM. */
  stop(): void {
    this.#stopped.abort(new Error('stopped'));
  }

  async #live(elector: LeaderElector, transport: Transport, clock: Clock): Promise<void> {
    try {
      const early = await elector.tryAcquire(this.#stopped.signal);
      this.ledAtOnce = early !== undefined;
      const leadership = early ?? (await elector.acquire(this.#stopped.signal));
      this.leadership = leadership;
      const ends = AbortSignal.any([leadership.lost, this.#stopped.signal]);
      while (!ends.aborted) {
        await transport.send({ verb: 'patch', method: 'PATCH', path: '/api/v1/namespaces/n/services/s', body: '{}' }, ends).catch(() => undefined);
        await new Promise<void>((resolve) => clock.schedule(200, resolve));
      }
      if (!leadership.lost.aborted) await leadership.release();
    } catch (error) {
      if (!this.#stopped.signal.aborted) throw error;
    } finally {
      this.ended = true;
    }
  }

  #clocks(): LocalClocks {
    const rate = 1 + this.#machine.driftPpm / 1e6;
    return { monotonicMs: () => 1000 + this.#world.nowMs * rate, wallMs: () => 1.7e12 + this.#world.nowMs * rate + this.#machine.wallOffsetMs + this.#wallJumpMs };
  }

  #clock(): Clock {
    const rate = 1 + this.#machine.driftPpm / 1e6;
    return { nowMs: () => this.#world.nowMs, schedule: (delayMs, run) => this.#world.at(delayMs / rate, () => this.#whenRunning(run)) };
  }

  #whenRunning(run: () => void, io = false): void {
    if (this.#paused) this.#late.push({ io, run });
    else run();
  }

  #transport(): Transport {
    return {
      stream: async () => {
        throw new Error('nothing to watch');
      },
      send: async (request, signal) => new Promise<ApiResponse>((resolve, reject) => this.#send(request, signal, resolve, reject)),
    };
  }

  #send(request: ApiRequest, signal: AbortSignal, resolve: (response: ApiResponse) => void, reject: (error: unknown) => void): void {
    const { wayMs, workMs, outcome } = this.#fate();
    const cancelLimit = this.#world.at(request.timeoutMs ?? 30_000, () => this.#whenRunning(() => reject(new ApiError({ code: 'Timeout', message: 'timed out' }))));
    signal.addEventListener('abort', () => reject(new ApiError({ code: 'Aborted', message: 'aborted' })), { once: true });
    const give = (run: () => void): void => {
      this.#world.at(wayMs, () => this.#whenRunning(() => {
        cancelLimit();
        run();
      }, true));
    };
    const leave = (): void => {
      try {
        request.lastLook?.();
      } catch (error) {
        reject(error);
        return;
      }
      if (outcome === 'Refused') return give(() => resolve(refusal(500, 'InternalError')));
      const givenMs = request.query?.['timeout'] === undefined ? workMs : Math.min(workMs, Number.parseInt(request.query['timeout'], 10));
      this.#world.at(wayMs + givenMs, () => {
        const response = this.#server.answer(request, this.name, this.#world.nowMs);
        if (outcome === 'Answered') give(() => resolve(response));
      });
      return undefined;
    };
    // The connection is made first; the process may be stopped meanwhile.
    this.#world.at(wayMs, () => this.#whenRunning(leave, true));
  }
}
