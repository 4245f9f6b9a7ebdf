import type { ApiRequest, ApiResponse, ApiStream, Transport } from './transport.ts';

/** The real transport: pooled TLS connections with the credentials of a kubeconfig or of the pod. */
export declare class Connection implements Transport {
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
  stream(request: ApiRequest, signal: AbortSignal): Promise<ApiStream>;
  /** Closes idle connections and cuts open ones. */
  close(): Promise<void>;
}

/** @param input.kubeconfig path of a kubeconfig; without it, the pod's service account */
export declare function connect(input: { kubeconfig?: string | undefined; version: string }): Connection;
