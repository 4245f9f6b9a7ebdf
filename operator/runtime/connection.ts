import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { z } from 'zod';
import { ApiError } from './api-error.ts';
import { CallLimits } from './call-limits.ts';
import type { ApiRequest, ApiResponse, ApiStream, Transport } from './transport.ts';

/** TCP keep-alive below the 60 s after which cloud load balancers forget a connection. */
const keepAliveDelayMs = 30_000;
const connectTimeoutMs = 10_000;
/**
 * A call that is given up takes its connection with it, watches do not share one whose silence would end them all, and undici's
 * HTTP/2 streams throw from nowhere when their pool is destroyed after an abort.
 */
const HTTP_1 = { allowH2: false } as const;

/** What KubeConfig gives for one call: the headers and the TLS material, which may rotate between calls. */
const Headers = z.record(z.string(), z.string());
type Credentials = Readonly<{ headers: Readonly<Record<string, string>>; tls: TlsMaterial }>;
type TlsMaterial = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;
/** Requests share 16 connections; watches take one each and have no body timeout: they are silent for minutes. */
type Agents = Readonly<{ fingerprint: string; requests: Dispatcher; watches: Dispatcher }>;

/**
 * The real transport: pooled TLS connections with the credentials of a kubeconfig or of the pod.
 * Credentials are asked for at every call, so that rotated tokens and certificates are followed;
 * connections are pooled as long as the TLS material stays the same.
 */
export class Connection implements Transport {
  readonly #config: KubeConfig;
  readonly #server: string;
  /** Path before /api, for servers behind a gateway. */
  readonly #prefix: string;
  readonly #proxy: string | undefined;
  readonly #userAgent: string;
  #agents: Agents | undefined;
  /** Pools of rotated-out material, until their calls end. */
  readonly #retired = new Set<Dispatcher>();

  constructor(config: KubeConfig, userAgent: string) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new ApiError({ code: 'BadRequest', message: 'the kubeconfig names no current cluster' });
    const url = new URL(cluster.server);
    this.#config = config;
    this.#server = url.origin;
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#proxy = cluster.proxyUrl;
    this.#userAgent = userAgent;
  }

  async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
    const call = new CallLimits(request, signal);
    try {
      const response = await this.#dispatch(request, call, 'requests');
      const text = await response.body.text();
      return { status: response.statusCode, retryAfter: headerOf(response, 'retry-after'), text };
    } catch (error) {
      throw call.failure(error);
    } finally {
      call.end();
    }
  }

  async stream(request: ApiRequest, signal: AbortSignal): Promise<ApiStream> {
    const call = new CallLimits(request, signal);
    try {
      const response = await this.#dispatch(request, call, 'watches');
      call.headArrived();
      return { status: response.statusCode, retryAfter: headerOf(response, 'retry-after'), chunks: chunksOf(response, call) };
    } catch (error) {
      call.end();
      throw call.failure(error);
    }
  }

  /** Cuts open calls and closes all connections. */
  async close(): Promise<void> {
    const agents = this.#agents;
    this.#agents = undefined;
    const pools = [...this.#retired, ...(agents === undefined ? [] : [agents.requests, agents.watches])];
    await Promise.all(pools.map(async (pool) => pool.destroy()));
  }

  async #dispatch(request: ApiRequest, call: CallLimits, pool: 'requests' | 'watches'): Promise<Dispatcher.ResponseData> {
    const { headers, tls } = await this.#credentials();
    const body = bodyOf(request);
    const query = request.query === undefined ? '' : `?${new URLSearchParams(request.query).toString()}`;
    return this.#agentsFor(tls)[pool].request({
      origin: this.#server,
      path: `${this.#prefix}${request.path}${query}`,
      method: request.method,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': this.#userAgent,
        ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
        ...(body instanceof Readable ? { 'content-length': String(Buffer.byteLength(request.body ?? '')) } : {}),
      },
      body,
      signal: call.signal,
    });
  }

  async #credentials(): Promise<Credentials> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const basic = typeof options.auth === 'string' ? { authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` } : {};
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    return { headers: { ...Headers.parse(options.headers ?? {}), ...basic }, tls: { ca, cert, key, servername, rejectUnauthorized } };
  }

  #agentsFor(tls: TlsMaterial): Agents {
    const fingerprint = fingerprintOf(tls);
    const previous = this.#agents;
    if (previous?.fingerprint === fingerprint) return previous;
    this.#agents = { fingerprint, requests: this.#pool(tls, { connections: 16 }), watches: this.#pool(tls, { bodyTimeout: 0 }) };
    if (previous !== undefined) this.#retire(previous);
    return this.#agents;
  }

  #pool(tls: TlsMaterial, options: Agent.Options): Dispatcher {
    const material = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
    const connect = { ...material, timeout: connectTimeoutMs, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs };
    if (this.#proxy !== undefined) return new ProxyAgent({ ...options, ...HTTP_1, uri: this.#proxy, requestTls: connect });
    return new Agent({ ...options, ...HTTP_1, connect });
  }

  #retire(agents: Agents): void {
    for (const pool of [agents.requests, agents.watches]) {
      this.#retired.add(pool);
      pool.close(() => this.#retired.delete(pool));
    }
  }
}

/**
 * Connects, lazily: no call is made here.
 * @param input.kubeconfig path of a kubeconfig; without it, the pod's service account
 * @param input.version ours, for the User-Agent by which the API server's audit log and priority rules tell us apart
 * @throws ApiError where there is neither
 */
export function connect(input: { kubeconfig?: string | undefined; version: string }): Connection {
  const config = new KubeConfig();
  const { kubeconfig } = input;
  try {
    if (kubeconfig === undefined) config.loadFromCluster();
    else config.loadFromFile(kubeconfig);
    return new Connection(config, `churnops-operator/${input.version}`);
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    const message = kubeconfig === undefined ? 'This is no pod of a cluster. Outside one, set CHURNOPS_KUBECONFIG to the path of a kubeconfig.' : `CHURNOPS_KUBECONFIG: ${kubeconfig} cannot be read as a kubeconfig.`;
    throw new ApiError({ code: 'BadRequest', message, cause });
  }
}

/** A body that looks once more when it is asked for, which is after the connection is there and the headers have left. */
function bodyOf({ body, lastLook }: ApiRequest): string | Readable | null {
  if (body === undefined) return null;
  if (lastLook === undefined) return body;
  return Readable.from(lookThenBody(body, lastLook), { objectMode: false });
}

function* lookThenBody(body: string, lastLook: () => void): Generator<Buffer> {
  lastLook();
  yield Buffer.from(body);
}

async function* chunksOf(response: Dispatcher.ResponseData, call: CallLimits): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body) {
      if (chunk instanceof Uint8Array) yield chunk;
    }
  } catch (error) {
    throw call.failure(error);
  } finally {
    call.end();
    response.body.destroy();
  }
}

function headerOf(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

function fingerprintOf(tls: TlsMaterial): string {
  return createHash('sha256').update(JSON.stringify(tls)).digest('hex');
}
