import { z } from 'zod';
import { ERROR_CATALOGUE, isErrorCode } from '../../../../contracts/error-catalogue.ts';
import { InferError, InferResponse, JSON_LENGTH_HEADER } from '../../../../contracts/inference.ts';
import { PredictResponse } from '../../../../contracts/prediction.ts';
import { decompress, requestCoding } from '../../../../server/http/content-coding.ts';

/** An answer as it came. */
export type SeenAnswer = Readonly<{ status: number; headers: Readonly<Record<string, string | readonly string[] | undefined>>; body: Buffer }>;

/** Of openapi.json the statuses of each POST. */
export const Documented = z.object({ paths: z.record(z.string(), z.object({ post: z.object({ responses: z.record(z.string(), z.unknown()) }).optional() })) });
export type Documented = z.infer<typeof Documented>;

const ErrorV1 = z.object({ error: z.object({ code: z.string(), message: z.string().min(1), details: z.array(z.object({ path: z.string(), message: z.string() })).max(20).optional() }) });

/** Which statuses openapi.json documents for a path. */
export function statusesOf({ paths }: Documented, path: string): ReadonlySet<string> {
  const item = paths[path] ?? paths[path.replace(/\/versions\/[^/]+\//, '/versions/{version}/')];
  return new Set(Object.keys(item?.post?.responses ?? {}));
}

/** What is wrong with an answer: undefined where it is one that is documented for the path, status, form and code. */
export function undocumented(path: string, answer: SeenAnswer, statuses: ReadonlySet<string>): string | undefined {
  const { status } = answer;
  if (!statuses.has(String(status))) return `HTTP ${status} is not documented for ${path}`;
  try {
    const body = plainBody(answer);
    const isV2 = path.startsWith('/v2');
    if (status === 200) return isV2 ? wrongTensors(answer, body) : wrongPredictions(body);
    if (isV2) return InferError.safeParse(JSON.parse(body.toString())).success ? undefined : `HTTP ${status} without V2's error`;
    const { error } = ErrorV1.parse(JSON.parse(body.toString()));
    if (!isErrorCode(error.code)) return `unknown code ${error.code}`;
    return ERROR_CATALOGUE[error.code].status === status ? undefined : `${error.code} with HTTP ${status}`;
  } catch (thrown) {
    return `HTTP ${status}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}

function plainBody({ headers, body }: SeenAnswer): Buffer {
  const encoding = headers['content-encoding'];
  const coding = typeof encoding === 'string' ? requestCoding(encoding) : undefined;
  return coding === undefined ? body : decompress(body, coding);
}

function wrongPredictions(body: Buffer): string | undefined {
  const { success } = PredictResponse.safeParse(JSON.parse(body.toString()));
  return success ? undefined : 'HTTP 200 without predictions';
}

function wrongTensors({ headers }: SeenAnswer, body: Buffer): string | undefined {
  const length = headers[JSON_LENGTH_HEADER];
  const jsonBytes = length === undefined ? body.length : Number(length);
  const { outputs } = InferResponse.parse(JSON.parse(body.subarray(0, jsonBytes).toString()));
  const binaryBytes = outputs.reduce((sum, { parameters }) => sum + Number(parameters?.binary_data_size ?? 0), 0);
  return jsonBytes + binaryBytes === body.length ? undefined : `binary tensors of ${binaryBytes} bytes behind ${jsonBytes} in a body of ${body.length}`;
}
