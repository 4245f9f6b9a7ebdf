import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ChurnOpsError } from '../../../../contracts/error-catalogue.ts';
import { FailureReport, TERMINATION_MESSAGE_MAX_BYTES } from '../../../../contracts/reports.ts';
import { failureReport, terminationText } from '../../../../server/report/termination-message.ts';
import { anyText } from '../../../any-text.ts';

test('any message fits, whatever its characters take', () => {
  fc.assert(
    fc.property(fc.oneof(anyText({ maxLength: 5000 }), fc.constant('€'.repeat(4000)), fc.constant('\u0001'.repeat(4000))), (message) => {
      const text = terminationText({ message });
      return Buffer.byteLength(text) <= TERMINATION_MESSAGE_MAX_BYTES && typeof JSON.parse(text) === 'object';
    }),
  );
});

test('what is ours is told with what to do; what is not, by its class only', () => {
  const ours = FailureReport.parse(failureReport(new ChurnOpsError('StoreUnreachable', 'No answer.')));
  expect(ours).toMatchObject({ code: 'StoreUnreachable', message: 'No answer. Check that storage.endpoint answers from inside the cluster.' });
  expect(FailureReport.parse(failureReport(new TypeError('hush'))).message).toBe('A defect of ours (TypeError): see the logs of the pod.');
});
