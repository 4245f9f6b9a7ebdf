import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { CandidateAbsence } from '../../../../contracts/traffic.ts';
import { isItsFault } from '../../../../server/traffic/candidate-answer.ts';
import { anyText } from '../../../any-text.ts';
import { tcpCandidate } from './candidate-server.ts';
import { CANDIDATE } from './policy.ts';
import { customer, stablePod } from './stable-pod.ts';
import { until } from '../../until.ts';

const GOOD = JSON.stringify({ predictions: [{ id: 'x', probability: 0.9, decision: true, label: 'leaves', version: 'v2', role: 'stable' }] });

function http(body: string, status = '200 OK', length = Buffer.byteLength(body)): string {
  return `HTTP/1.1 ${status}\r\ncontent-length: ${length}\r\n\r\n${body}`;
}

/** What a candidate may do with a request. */
type Deed = Readonly<{ says: string; does: 'Keep' | 'Close' | 'Reset' }>;

const deeds: fc.Arbitrary<Deed> = fc.record({
  says: fc.oneof(
    { weight: 4, arbitrary: fc.constant(http(GOOD)) },
    { weight: 1, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: anyText({ maxLength: 40 }) },
    { weight: 1, arbitrary: fc.json().map((json) => http(json)) },
    { weight: 1, arbitrary: fc.constantFrom('422 No', '500 No', '503 No', '301 No', '204 No').map((status) => http('', status)) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 200 }).map((missing) => http(GOOD, '200 OK', Buffer.byteLength(GOOD) + missing)) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 100 }).map((count) => http(GOOD).slice(0, count)) },
  ),
  does: fc.constantFrom('Keep', 'Keep', 'Close', 'Reset'),
});

test('whatever the candidate does, callers have answers, each score is its side\'s, each row is observed once, and nothing is left behind', async () => {
  let script: Deed[] = [];
  const answer = (socket: Socket): void => {
    const { says, does } = script.shift() ?? { says: http(GOOD), does: 'Keep' };
    socket.write(says, () => {
      if (does === 'Close') socket.end();
      else if (does === 'Reset') socket.resetAndDestroy();
    });
  };
  // A request is in one packet here: its head and the few bytes of its body.
  const candidate = await tcpCandidate((socket) => socket.on('data', () => answer(socket)));
  const pod = await stablePod({ forwardTimeoutMs: 15 });
  let revision = 10;
  await fc.assert(
    fc.asyncProperty(fc.array(deeds, { minLength: 1, maxLength: 6 }), async (given) => {
      script = [...given];
      revision += 1;
      // A hash of its own each time: another candidate, whose connections and breaker know of nothing.
      const candidateHash = revision.toString(16).padStart(64, CANDIDATE);
      await pod.follow(candidate, { revision, percent: 100, candidateHash });
      const before = pod.observed.length;
      for (let index = 0; index < given.length; index += 1) {
        const { predictions: [prediction] } = await pod.predict([customer('a', 10)]);
        if (prediction?.role === 'candidate') expect(prediction).toMatchObject({ probability: 0.9, label: 'leaves', version: 'v2' });
        else expect(prediction).toMatchObject({ role: 'fallback', label: 'No', version: 'v1' });
      }
      const observed = pod.observed.slice(before);
      expect(observed).toHaveLength(given.length);
      const absences: readonly CandidateAbsence[] = observed.flatMap(({ candidate: side }) => (side.scored ? [] : [side.absence]));
      expect(absences.every(isItsFault)).toBe(true);
      expect(pod.traffic.state().sides.candidate).toMatchObject({ requests: given.length, errors: absences.length, fallbacks: absences.length });
    }),
    { numRuns: 40, seed: 11 },
  );
  pod.traffic.read('');
  await until(() => pod.data.inFlight() === 0);
});
