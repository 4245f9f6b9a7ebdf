import type { ErrorCode } from '../../contracts/error-catalogue.ts';

const OF_ANY_BODY = ['InvalidJson', 'InvalidEncoding', 'RequestTimeout', 'TooManyRows', 'BodyTooLarge', 'UnsupportedMediaType', 'ScoringFailed', 'Internal', 'Overloaded'] as const satisfies readonly ErrorCode[];

/** Codes that `:predict` can answer with; VersionNotServed only to another pod that takes this one for a candidate that it is not. */
export const PREDICT_ERRORS = [...OF_ANY_BODY, 'InvalidRequest', 'InvalidInstance', 'VersionNotServed'] as const satisfies readonly ErrorCode[];
/** Codes that infer can answer with; V2 tells their status and sentence, not their name. */
export const INFER_ERRORS = [...OF_ANY_BODY, 'InvalidTensors', 'InvalidRequest', 'ModelNotFound', 'VersionNotServed', 'Unsupported'] as const satisfies readonly ErrorCode[];
/** Codes that `:feedback` can answer with. */
export const FEEDBACK_ERRORS = ['TokenRequired', 'TokenInvalid', 'InvalidLabels', 'LabelsNotStored', 'FeedbackUnavailable', 'InvalidJson', 'InvalidEncoding', 'RequestTimeout', 'TooManyRows', 'BodyTooLarge', 'UnsupportedMediaType', 'ModelNotFound', 'MethodNotAllowed', 'Internal', 'Overloaded'] as const satisfies readonly ErrorCode[];
/** Codes that the other routes of the data port can answer with. */
export const ROUTE_ERRORS = ['ModelNotFound', 'VersionNotServed', 'NotReady', 'NotFound', 'MethodNotAllowed', 'Unsupported', 'Internal'] as const satisfies readonly ErrorCode[];
/** Every code that leaves by the data port. */
export const DATA_PORT_ERRORS: readonly ErrorCode[] = [...new Set<ErrorCode>([...PREDICT_ERRORS, ...INFER_ERRORS, ...FEEDBACK_ERRORS, ...ROUTE_ERRORS])];
