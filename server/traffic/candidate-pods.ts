import { lookup } from 'node:dns/promises';
import { Pool } from 'undici';
import { HEADERS } from '../../contracts/names.ts';
import { httpOrigin } from '../../platform/http/origin.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { AddressRotation } from './address-rotation.ts';
import type { CandidateAddress } from './address-rotation.ts';
import { HttpAttempt } from './http-attempt.ts';
import type { AttemptEnd } from './http-attempt.ts';

/** Addresses of a host name, none where the name is known to have none. @throws what says nothing of the name, such as a dead DNS server */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Limits towards the candidate's pods, and how often they are looked up. */
export const CANDIDATE_PODS = {
  /** Requests, and so connections, at a time: of one pod and of all. Far above what 100 ms of a healthy candidate take. */
  maxInFlightOfOne: 64,
  maxInFlight: 256,
  /** Bodies of requests on their way: what a candidate that hangs may take of this pod's memory. */
  maxBytes: 16 * 1024 * 1024,
  /** Of one answer: 1,024 predictions with the longest version and labels take 0.6 MB. */
  maxAnswerBytes: 2 * 1024 * 1024,
  /** A connection within a cluster takes a millisecond. */
  connectMs: 500,
  /** DNS of a headless Service lags behind its pods by its TTL, 5 s by default. */
  lookUpEveryMs: 5000,
  /** Where something is the matter: nobody is there, or somebody cannot be reached. */
  lookUpSoonMs: 1000,
} as const;

/** Who is to be asked. */
export type CandidatePodsOptions = Readonly<{
  /** ChurnModel name. */
  model: string;
  /** host:port of the headless Service. */
  address: string;
  candidateHash: string;
  logger: Logger;
  /** Default: as this machine resolves names. */
  resolve?: Resolve;
  limits?: Readonly<{ [Name in keyof typeof CANDIDATE_PODS]: number }>;
}>;

/** A predict request to the candidate. */
export type CandidateRequest = Readonly<{ body: string | Buffer; sizeBytes: number; requestId: string }>;

/** How it ended; `NotSent`: nobody is known, as much is on its way as may be, or this pod does not want to know any more. */
export type Exchange = AttemptEnd | Readonly<{ end: 'NotSent'; why: 'NoAddress' | 'Saturated' | 'Stopped' }>;

/**
 * The candidate's pods: found by the headless Service, asked in turn over kept connections. What it holds is bounded in requests,
 * connections and bytes, whatever the other side does.
 */
export class CandidatePods {
  readonly #options: CandidatePodsOptions;
  readonly #limits: NonNullable<CandidatePodsOptions['limits']>;
  readonly #rotation: AddressRotation;
  readonly #pools = new Map<string, Pool>();
  readonly #host: string;
  readonly #port: string;
  readonly #path: string;
  #inFlight = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = 0;
  #lookingUp: Promise<void> | undefined;
  #closed = false;
  #destroyed = false;

  constructor(options: CandidatePodsOptions) {
    this.#options = options;
    this.#limits = options.limits ?? CANDIDATE_PODS;
    this.#rotation = new AddressRotation(this.#limits.maxInFlightOfOne);
    const colon = options.address.lastIndexOf(':');
    this.#host = options.address.slice(0, colon);
    this.#port = options.address.slice(colon + 1);
    this.#path = `/v1/models/${options.model}:predict`;
    this.#lookUp();
  }

  /** Addresses that are known. */
  get hosts(): readonly string[] {
    return this.#rotation.hosts;
  }

  /** Requests whose memory is not free yet; also those that nobody waits for any more. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Sends a request to the pod whose turn it is, and to another one where that cannot be reached. Never rejects.
   * @param timeoutMs for both together; what is answered within it counts, also where this process was too busy to look
   */
  async post(request: CandidateRequest, timeoutMs: number): Promise<Exchange> {
    const { maxInFlight, maxBytes } = this.#limits;
    if (this.#closed) return { end: 'NotSent', why: 'Stopped' };
    if (this.#inFlight >= maxInFlight || this.#bytes + request.sizeBytes > maxBytes) return { end: 'NotSent', why: 'Saturated' };
    const address = this.#rotation.next(performance.now());
    if (address === 'Busy') return { end: 'NotSent', why: 'Saturated' };
    if (address === 'None') {
      this.#lookUpIn(this.#limits.lookUpSoonMs);
      return { end: 'NotSent', why: 'NoAddress' };
    }
    return new Promise((resolve) => {
      let second: HttpAttempt | undefined;
      // An answer may be there already, unread, while this process was scoring: it is read before the immediate.
      const timer = setTimeout(() => setImmediate(() => (second ?? first).giveUp()), timeoutMs);
      const settle = (end: AttemptEnd): void => {
        clearTimeout(timer);
        resolve(this.#destroyed && end.end === 'Unreachable' ? { end: 'NotSent', why: 'Stopped' } : end);
      };
      const first = this.#send(address, request, (end) => {
        const other = end.end === 'Unreachable' && !this.#closed ? this.#rotation.next(performance.now(), address) : 'None';
        if (typeof other === 'string') settle(end);
        else second = this.#send(other, request, settle);
      });
    });
  }

  /** Sends nothing more, and closes the connections once what is on its way has ended. */
  async close(): Promise<void> {
    this.#stop();
    await Promise.all([...this.#pools.values()].map(async (pool) => pool.close()));
    await this.#lookingUp;
  }

  /** Closes the connections at once. Whoever still waits is told `Stopped`. */
  async destroy(): Promise<void> {
    this.#stop();
    this.#destroyed = true;
    await Promise.all([...this.#pools.values()].map(async (pool) => pool.destroy()));
    await this.#lookingUp;
  }

  #stop(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #send(address: CandidateAddress, request: CandidateRequest, settled: (end: AttemptEnd) => void): HttpAttempt {
    this.#inFlight += 1;
    this.#bytes += request.sizeBytes;
    const attempt = new HttpAttempt({
      settled,
      finished: (end, connected) => {
        this.#inFlight -= 1;
        this.#bytes -= request.sizeBytes;
        const how = end === 'Broken' ? 'Answered' : end;
        this.#rotation.ended(address, how === 'Timeout' && !connected ? 'Unreachable' : how, performance.now());
        if (how === 'Unreachable') this.#lookUpIn(this.#limits.lookUpSoonMs);
      },
    });
    const headers = ['content-type', 'application/json', 'x-request-id', request.requestId, HEADERS.hop, this.#options.candidateHash];
    this.#poolOf(address.host).dispatch({ path: this.#path, method: 'POST', headers, body: request.body }, attempt);
    return attempt;
  }

  #poolOf(host: string): Pool {
    const known = this.#pools.get(host);
    if (known !== undefined) return known;
    const { maxInFlightOfOne, maxAnswerBytes, connectMs } = this.#limits;
    const pool = new Pool(httpOrigin(host, this.#port), {
      connections: maxInFlightOfOne,
      pipelining: 1,
      connect: { timeout: connectMs },
      // Whoever waits gives up long before.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: maxAnswerBytes,
    });
    this.#pools.set(host, pool);
    return pool;
  }

  #lookUpIn(ms: number): void {
    if (this.#closed || this.#lookingUp !== undefined) return;
    const dueMs = performance.now() + ms;
    // A look that is due sooner stays.
    if (this.#timer !== undefined && this.#dueMs <= dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => this.#lookUp(), ms);
    this.#timer.unref();
  }

  #lookUp(): void {
    this.#timer = undefined;
    this.#lookingUp = this.#replaceAddresses().finally(() => {
      this.#lookingUp = undefined;
      this.#lookUpIn(this.hosts.length === 0 ? this.#limits.lookUpSoonMs : this.#limits.lookUpEveryMs);
    });
  }

  async #replaceAddresses(): Promise<void> {
    const { logger, resolve = systemResolve } = this.#options;
    let found: readonly string[];
    try {
      found = await resolve(this.#host);
    } catch (error) {
      logger.warn({ error, host: this.#host, known: this.hosts.length }, 'the addresses of the candidate cannot be looked up; those that are known stay');
      return;
    }
    if (this.#closed) return;
    const before = this.hosts;
    this.#rotation.replace(found);
    if (before.join() === this.hosts.join()) return;
    logger.info({ host: this.#host, addresses: this.hosts }, 'addresses of the candidate');
    for (const [host, pool] of this.#pools) {
      if (found.includes(host)) continue;
      this.#pools.delete(host);
      // What it is answering may end; each request has its own time for that.
      pool.close().catch((error: unknown) => logger.warn({ error }, 'connections to a pod of the candidate that is gone did not close'));
    }
  }
}

async function systemResolve(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (thrown) {
    if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'ENOTFOUND') return [];
    throw thrown;
  }
}
