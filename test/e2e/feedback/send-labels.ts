import { FeedbackResponse, type FeedbackLabel } from '../../../contracts/feedback.ts';

const TIMEOUT_MS = 15_000;

/** Where labels go: `:feedback` of a model. */
export type FeedbackAddress = Readonly<{ url: string; token: string | undefined; signal: AbortSignal }>;

/** What was answered. */
export type FeedbackAnswer = Readonly<{ status: number; text: string }>;

/** Sends a body as it is; a connection that breaks is status 0 with the reason. */
export async function postFeedback({ url, token, signal }: FeedbackAddress, body: string): Promise<FeedbackAnswer> {
  const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  try {
    const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
    return { status: answer.status, text: await answer.text() };
  } catch (thrown) {
    signal.throwIfAborted();
    return { status: 0, text: String(thrown instanceof Error ? (thrown.cause ?? thrown) : thrown) };
  }
}

/**
 * Sends labels in their order, some a call, until all are acknowledged: what is not acknowledged is sent again, whole, as docs/feedback.md asks.
 * @returns calls that were not acknowledged, in words
 * @throws Error where a call is refused for good, or never acknowledged
 */
export async function sendLabels(address: FeedbackAddress, labels: readonly FeedbackLabel[], perCall: number): Promise<readonly string[]> {
  const again: string[] = [];
  for (let from = 0; from < labels.length; from += perCall) {
    const part = labels.slice(from, from + perCall);
    for (let tries = 1; ; tries += 1) {
      const { status, text } = await postFeedback(address, JSON.stringify({ labels: part }));
      if (status === 200) {
        const { stored } = FeedbackResponse.parse(JSON.parse(text));
        if (stored !== part.length) throw new Error(`${part.length} labels sent, ${stored} stored`);
        break;
      }
      if ((status >= 400 && status < 500) || tries === MOST_TRIES) throw new Error(`labels ${from} to ${from + part.length}: ${status} ${text.slice(0, 500)}`);
      again.push(`${status} ${text.slice(0, 100)}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
  return again;
}

const MOST_TRIES = 60;
const PAUSE_MS = 1000;
