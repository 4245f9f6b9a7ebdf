import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ErrorCode } from '../../contracts/error-catalogue.ts';

type S3Code = Extract<ErrorCode, 'AccessDenied' | 'BucketNotFound' | 'FileMissing' | 'StoreUnreachable'>;

const INVALID_CHARACTER = 'ERR_INVALID_CHAR';
const FOREIGN = 'it answers, but not as an S3 service: storage.endpoint may be wrong';

/**
 * Why a store call failed, in words that are no secret: the name of the SDK's error (or the code of the network's) and the HTTP status. The
 * SDK's own message and fields may quote keys, signatures and headers, so nothing else of it may be a cause: causes are logged.
 */
export class S3Failure extends Error {
  override readonly name = 'S3Failure';
  readonly code: string;
  readonly status: number | undefined;

  constructor(code: string, status: number | undefined) {
    super(status === undefined ? code : `${code}, HTTP ${status}`);
    this.code = code;
    this.status = status;
  }
}

/** What was asked of the store when it failed, for the message. `endpoint` never holds credentials. */
export type S3Question = Readonly<{ action: 'read' | 'look up' | 'write' | 'list' | 'delete from'; bucket: string; key: string; endpoint: string }>;

const DENIED = new Set([
  'AccessDenied', 'AllAccessDisabled', 'AccountProblem', 'AuthorizationHeaderMalformed', 'CredentialsProviderError', 'ExpiredToken', 'Forbidden',
  'ERR_INVALID_CHAR', 'InvalidAccessKeyId', 'InvalidToken', 'NotSignedUp', 'RequestTimeTooSkewed', 'SignatureDoesNotMatch', 'TokenRefreshRequired', 'UnauthorizedAccess',
  'XAdminUserNotFound', // versitygw's word for InvalidAccessKeyId, with status 404
]);
const HINTS: Readonly<Record<string, string>> = {
  AuthorizationHeaderMalformed: 'the region may be wrong',
  ERR_INVALID_CHAR: 'a key or token in the Secret holds a line break or another character that no header may have',
  CredentialsProviderError: 'the pod has no keys',
  ExpiredToken: 'the keys have expired',
  InvalidAccessKeyId: 'the store does not know the access key',
  PermanentRedirect: 'the bucket is in another region',
  RequestTimeTooSkewed: 'the clock of the node is wrong',
  XAdminUserNotFound: 'the store does not know the access key',
  SignatureDoesNotMatch: 'the secret key is wrong',
};

function place({ bucket, key, endpoint }: S3Question): string {
  return `s3://${bucket}/${key} at ${endpoint}`;
}

const MESSAGES = {
  BucketNotFound: (question) => `Bucket ${question.bucket} does not exist at ${question.endpoint} (asked to ${question.action} ${question.key}).`,
  FileMissing: (question) => `${place(question)} does not exist.`,
  AccessDenied: (question, why) => `The store refused to ${question.action} ${place(question)} (${why}).`,
  StoreUnreachable: (question, why) => `The store did not ${question.action} ${place(question)} (${why}).`,
} as const satisfies Record<S3Code, (question: S3Question, why: string) => string>;

function field(thrown: unknown, name: string): unknown {
  return typeof thrown === 'object' && thrown !== null && name in thrown ? Reflect.get(thrown, name) : undefined;
}

function httpStatus(thrown: unknown): number | undefined {
  const status = field(field(thrown, '$metadata'), 'httpStatusCode');
  return typeof status === 'number' ? status : undefined;
}

function s3Name(thrown: unknown): string {
  const code = field(thrown, 'Code') ?? field(thrown, 'name');
  const name = typeof code === 'string' && /^[A-Za-z0-9.]{1,64}$/.test(code) ? code : 'UnknownError';
  const network = field(thrown, 'code');
  if (network === INVALID_CHARACTER) return network;
  return name === 'Error' && typeof network === 'string' && /^[A-Z0-9_]{1,64}$/.test(network) ? network : name;
}

/**
 * Whether a 404 has no error document. S3 answers GET with one, HEAD never; without it something else listens at the endpoint. The SDK
 * makes up the name NotFound, or fails to read the body as XML with a plain Error.
 */
function isForeign(thrown: unknown, status: number | undefined, { action }: S3Question): boolean {
  const name = field(thrown, 'name');
  return status === 404 && action !== 'look up' && field(thrown, 'Code') === undefined && (name === 'NotFound' || name === 'Error');
}

function errorCode(name: string, status: number | undefined): S3Code {
  if (name === 'NoSuchBucket') return 'BucketNotFound';
  if (name === 'NoSuchKey' || name === 'NotFound') return 'FileMissing';
  if (DENIED.has(name) || name === 'PermanentRedirect') return 'AccessDenied';
  if (status === 401 || status === 403) return 'AccessDenied';
  return 'StoreUnreachable';
}

/**
 * An error of the AWS SDK as ours. Its own message is left out, of the cause too (S3Failure); its name and status stay.
 * Whatever is not known to be permanent counts as unreachable, and is tried again.
 */
export function s3Error(thrown: unknown, question: S3Question): ChurnOpsError {
  if (thrown instanceof ChurnOpsError) return thrown;
  const name = s3Name(thrown);
  const status = httpStatus(thrown);
  const foreign = isForeign(thrown, status, question);
  const code = foreign ? 'StoreUnreachable' : errorCode(name, status);
  const hint = foreign ? FOREIGN : HINTS[name];
  const failure = new S3Failure(name, status);
  return new ChurnOpsError(code, MESSAGES[code](question, `${failure.message}${hint === undefined ? '' : `: ${hint}`}`), { cause: failure });
}
