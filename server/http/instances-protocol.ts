import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { MAX_ROWS } from '../../contracts/prediction.ts';
import type { CheckOutcome, InstanceCheck } from '../validation/instance-check.ts';
import type { DecodedCall, PredictCall, PredictHead, PredictProtocol } from './predict-protocol.ts';
import type { PredictionWriter } from './prediction-writer.ts';
import { rowsAtMost } from './request-body.ts';
import { assertJsonType, parseInstances } from './request-checks.ts';

const ALL_JSON: PredictHead = { jsonBytes: undefined };

/** V1: `{"instances": [{...}]}` to `{"predictions": [{...}]}`. */
export class InstancesProtocol implements PredictProtocol {
  readonly #check: InstanceCheck;
  readonly #writer: PredictionWriter;

  constructor(check: InstanceCheck, writer: PredictionWriter) {
    this.#check = check;
    this.#writer = writer;
  }

  readonly readHead: PredictProtocol['readHead'] = (headers) => {
    assertJsonType(headers['content-type']);
    return ALL_JSON;
  };

  readonly rowsAtMost: PredictProtocol['rowsAtMost'] = (body) => rowsAtMost(body, MAX_ROWS);

  decode({ body }: PredictCall): DecodedCall {
    const instances = parseInstances(body);
    return {
      appendTo: (batch) => unknownColumns(this.#check.append(batch, instances)),
      encode: (scores, from, to) => ({ body: this.#writer.write(scores, from, to) }),
    };
  }
}

function unknownColumns(outcome: CheckOutcome): number {
  if (outcome.valid) return outcome.unknownColumns;
  const { details } = outcome;
  throw new ChurnOpsError('InvalidInstance', `${problemCount(outcome)}.`, { details });
}

/** How many values are wrong, for people. */
export function problemCount({ problems, details }: Extract<CheckOutcome, { valid: false }>): string {
  if (problems === 1) return 'One value is wrong';
  return `${problems} values are wrong${problems > details.length ? `; the first ${details.length} are listed` : ''}`;
}
