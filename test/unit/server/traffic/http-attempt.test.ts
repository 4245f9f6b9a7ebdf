import { expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { HttpAttempt } from '../../../../server/traffic/http-attempt.ts';

/** What undici tells, or who waits does; `aborted`: undici does as it is told. */
type Event = 'start' | 'head' | 'chunk' | 'end' | 'give up' | Readonly<{ error: string; name?: string }>;

/** What is told of an attempt to which all that happens. */
function told(events: readonly Event[]): readonly string[] {
  const log: string[] = [];
  const attempt = new HttpAttempt({
    settled: (end) => log.push(end.end === 'Answered' ? `settled ${end.status} ${end.body.toString()} ${String(end.serverTiming)}` : `settled ${end.end}`),
    finished: (end, connected) => log.push(`finished ${end}${connected ? '' : ' unconnected'}`),
  });
  const controller: Dispatcher.DispatchController = { aborted: false, paused: false, reason: null, abort: () => void log.push('abort'), pause: () => undefined, resume: () => undefined };
  for (const event of events) {
    if (event === 'start') attempt.onRequestStart(controller);
    else if (event === 'head') attempt.onResponseStart(controller, 200, { 'server-timing': 'handler;dur=1' });
    else if (event === 'chunk') attempt.onResponseData(controller, Buffer.from('{}'));
    else if (event === 'end') attempt.onResponseEnd();
    else if (event === 'give up') attempt.giveUp();
    else attempt.onResponseError(controller, Object.assign(new Error('x'), { code: event.error, name: event.name ?? 'Error' }));
  }
  return log;
}

test.each<{ name: string; events: readonly Event[]; expected: readonly string[] }>([
  { name: 'an answer', events: ['start', 'head', 'chunk', 'end'], expected: ['settled 200 {} handler;dur=1', 'finished Answered'] },
  { name: 'an answer in pieces', events: ['start', 'head', 'chunk', 'chunk', 'end'], expected: ['settled 200 {}{} handler;dur=1', 'finished Answered'] },
  { name: 'an answer without a body', events: ['start', 'head', 'end'], expected: ['settled 200  handler;dur=1', 'finished Answered'] },
  { name: 'no connection', events: [{ error: 'ECONNREFUSED' }], expected: ['settled Unreachable', 'finished Unreachable unconnected'] },
  { name: 'a connection that breaks', events: ['start', 'head', 'chunk', { error: 'UND_ERR_SOCKET' }], expected: ['settled Unreachable', 'finished Unreachable'] },
  { name: 'no HTTP', events: ['start', { error: '', name: 'HTTPParserError' }], expected: ['settled Broken', 'finished Broken'] },
  { name: 'too much', events: ['start', 'head', { error: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' }], expected: ['settled Broken', 'finished Broken'] },
  { name: 'given up: finished only when undici says so', events: ['start', 'head', 'give up', { error: 'ABORTED' }], expected: ['settled Timeout', 'abort', 'finished Timeout'] },
  { name: 'given up while it still connects: held until that ends', events: ['give up'], expected: ['settled Timeout'] },
  { name: 'given up, and connected later', events: ['give up', 'start', { error: 'ABORTED' }], expected: ['settled Timeout', 'abort', 'finished Timeout'] },
  { name: 'given up, and never connected', events: ['give up', { error: 'UND_ERR_CONNECT_TIMEOUT' }], expected: ['settled Timeout', 'finished Timeout unconnected'] },
  { name: 'given up twice, and after the end', events: ['start', 'give up', 'give up', { error: 'ABORTED' }, 'give up'], expected: ['settled Timeout', 'abort', 'finished Timeout'] },
])('$name', ({ events, expected }) => expect(told(events)).toEqual(expected));
