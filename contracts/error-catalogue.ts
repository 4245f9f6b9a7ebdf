/**
 * Every error that ChurnOps shows to somebody, by its stable code: the HTTP status where it leaves by HTTP, whether trying again can help
 * without anybody changing anything, and what to do. A test ties the catalogue to `docs/reference/errors.md`.
 */
export const ERROR_CATALOGUE = {
  // a request to a serving pod
  InvalidJson: { status: 400, retryable: false, action: 'Send a JSON object with Content-Type: application/json.' },
  InvalidRequest: { status: 400, retryable: false, action: 'Send {"instances": [{...}]}; see GET /v1/models/<name>/schema.' },
  InvalidInstance: { status: 422, retryable: false, action: 'Correct the row and column that details[].path names; see GET /v1/models/<name>/schema.' },
  InvalidTensors: { status: 400, retryable: false, action: 'Send one tensor of shape [rows] or [rows, 1] for each column; see GET /v2/models/<name> and docs/predict.md.' },
  TooManyRows: { status: 413, retryable: false, action: 'Send at most 1,024 rows a request.' },
  BodyTooLarge: { status: 413, retryable: false, action: 'Send at most 1 MiB a request.' },
  UnsupportedMediaType: { status: 415, retryable: false, action: 'Send Content-Type: application/json, plain or with Content-Encoding: gzip or deflate.' },
  InvalidEncoding: { status: 400, retryable: false, action: 'Compress the whole body once, as Content-Encoding says: gzip (RFC 1952) or deflate (zlib, RFC 1950).' },
  TokenRequired: { status: 401, retryable: false, action: 'Send Authorization: Bearer <token>, with the token of the Secret <model>-feedback; see docs/feedback.md.' },
  TokenInvalid: { status: 401, retryable: false, action: 'Read the token of the Secret <model>-feedback again: it may have been replaced.' },
  InvalidLabels: { status: 422, retryable: false, action: 'Correct the label and field that details[].path names; see docs/feedback.md. None of the request was stored.' },
  LabelsNotStored: { status: 503, retryable: true, action: 'Send the same labels again after Retry-After seconds: a label that is stored twice counts once.' },
  FeedbackUnavailable: { status: 503, retryable: true, action: 'The pod lacks what the message names: see docs/feedback.md.' },
  NotFound: { status: 404, retryable: false, action: 'See GET /openapi.json for what there is.' },
  ModelNotFound: { status: 404, retryable: false, action: 'Use the ChurnModel name: GET /v1/models lists it.' },
  VersionNotServed: { status: 404, retryable: false, action: 'Leave the version out, or use the one that GET /v2/models/<name> names.' },
  Unsupported: { status: 501, retryable: false, action: 'See docs/predict.md for what there is.' },
  MethodNotAllowed: { status: 405, retryable: false, action: 'Use the method that the Allow header names.' },
  RequestTimeout: { status: 408, retryable: true, action: 'Send the whole body within 10 s.' },
  Overloaded: { status: 503, retryable: true, action: 'Try again after Retry-After seconds, or raise serving.replicas.' },
  NotReady: { status: 503, retryable: true, action: 'Wait until the pod is ready.' },
  ScoringFailed: { status: 500, retryable: false, action: 'The graph failed on this request; see the logs of the pod and the model package.' },
  Internal: { status: 500, retryable: false, action: 'A defect of ours: see the logs of the pod.' },
  // a model package or the store behind it
  StoreUnreachable: { status: 503, retryable: true, action: 'Check that storage.endpoint answers from inside the cluster.' },
  AccessDenied: { status: 403, retryable: true, action: 'Check the keys in the Secret that storage.credentials names, and what they may do; on a volume: what user and group 65532 may.' },
  BucketNotFound: { status: 404, retryable: true, action: 'Create the bucket (or the folder on the volume), or correct model.repository.' },
  VersionNotFound: { status: 404, retryable: true, action: 'Upload the package, or correct model.version.' },
  FileMissing: { status: 404, retryable: true, action: 'Upload the package again, whole.' },
  DigestMismatch: { status: 409, retryable: true, action: 'The file is not the one the card lists: upload the package again, or publish a new version.' },
  CardChanged: { status: 409, retryable: true, action: 'A package is immutable: put the old model.json back, or publish a new version.' },
  CardInvalid: { status: 422, retryable: true, action: 'Rebuild the package with the trainer: model.json does not follow its schema.' },
  GoldenInvalid: { status: 422, retryable: true, action: 'Rebuild the package with the trainer: golden.json does not follow its schema.' },
  GraphInvalid: { status: 422, retryable: true, action: 'Rebuild the package with the trainer: onnxruntime cannot load model.onnx, or it lacks the inputs of the card.' },
  GoldenMismatch: { status: 409, retryable: true, action: 'The graph does not reproduce the golden rows: export the model again with the trainer.' },
  PackageTooLarge: { status: 413, retryable: false, action: 'A package file may have at most 512 MiB.' },
  DiskFull: { status: 507, retryable: true, action: 'Give the pod more ephemeral storage.' },
  DatasetInvalid: { status: 422, retryable: true, action: 'Correct the labelled set that rollout.gate.replay.dataset names; see docs/gates.md.' },
  ReplayFailed: { status: 503, retryable: true, action: 'See the logs of the serving pods: both versions must be ready and score the rows of the labelled set; see docs/gates.md.' },
  ConfigurationInvalid: { status: 500, retryable: false, action: 'A defect of ours or a hand-made pod: the environment lacks what the message names.' },
} as const satisfies Record<string, { readonly status: number; readonly retryable: boolean; readonly action: string }>;

/** A stable error code, the same in answers, reports, status, logs and metrics. */
export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** Whether a text is a code of the catalogue. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CATALOGUE, text);
}

/** One wrong place of a request: `path` as in `instances[3].tenure`. */
export type ErrorDetail = Readonly<{ path: string; message: string }>;

/** Body of every error answer but V2's: `{"error": {...}}`. */
export type ErrorBody = Readonly<{ error: Readonly<{ code: ErrorCode; message: string; details?: readonly ErrorDetail[] }> }>;

/** An error with a code of the catalogue. `message` says what is wrong in this case; the catalogue says what to do. */
export class ChurnOpsError extends Error {
  override readonly name = 'ChurnOpsError';
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[];

  constructor(code: ErrorCode, message: string, options: Readonly<{ cause?: unknown; details?: readonly ErrorDetail[] }> = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? [];
  }

  /** HTTP status of the code. */
  get status(): number {
    return ERROR_CATALOGUE[this.code].status;
  }

  /** Whether the same call can succeed later without anybody changing the request. */
  get retryable(): boolean {
    return ERROR_CATALOGUE[this.code].retryable;
  }

  /** What the reader can do. */
  get action(): string {
    return ERROR_CATALOGUE[this.code].action;
  }
}
