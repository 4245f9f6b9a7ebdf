import type { ApiRequest, ApiResponse, ApiStream, Transport } from '../../../../operator/runtime/transport.ts';

/** A transport that answers from a function, and keeps what it was asked. */
export class FakeTransport implements Transport {
  readonly requests: ApiRequest[] = [];
  readonly #answer: (request: ApiRequest, body: Record<string, unknown>) => Readonly<{ status: number; body: object }>;

  constructor(answer: (request: ApiRequest, body: Record<string, unknown>) => Readonly<{ status: number; body: object }>) {
    this.#answer = answer;
  }

  async send(request: ApiRequest): Promise<ApiResponse> {
    this.requests.push(request);
    const { status, body } = this.#answer(request, request.body === undefined ? {} : JSON.parse(request.body));
    return { status, text: JSON.stringify(body) };
  }

  async stream(): Promise<ApiStream> {
    throw new Error('nothing to watch here');
  }
}
