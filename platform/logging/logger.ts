import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';

export type { Logger } from 'pino';

const SECRET_KEYS = ['authorization', 'cookie', 'password', 'token', 'secret', 'secretAccessKey', 'accessKeyId', 'sessionToken', 'credentials'] as const;
const MAX_CAUSES = 5;

/** An error as it is logged: class, code, message, stack and causes; none of the fields that clients (AWS SDK, undici) hang on it. */
export type LoggedError = Readonly<{ type: string; message: string; code?: string; stack?: string; cause?: LoggedError }>;

/** The loggable form of anything thrown. */
export function loggedError(thrown: unknown, depth = 0): LoggedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: 'something other than an Error was thrown' };
  const code = thrown instanceof ChurnOpsError ? thrown.code : 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  return {
    type: thrown.name,
    message: thrown.message,
    ...(code === undefined ? {} : { code }),
    ...(thrown.stack === undefined || depth > 0 ? {} : { stack: thrown.stack }),
    ...(thrown.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: loggedError(thrown.cause, depth + 1) }),
  };
}

/** How a process logs. */
export type LoggerOptions = Readonly<{
  level: 'debug' | 'info' | 'warn' | 'error';
  /** Fields of every line: component, model, version. */
  fields: Readonly<Record<string, string>>;
  /** Where lines go; default: standard output. */
  destination?: DestinationStream;
}>;

/**
 * A logger of JSON lines: `time` in RFC 3339, `level` as a word. Secrets are redacted by key, one level deep.
 * Never pass it a row, a value of a row or a whole request: customer data has no place in logs.
 */
export function createLogger(options: LoggerOptions): Logger {
  const settings = {
    level: options.level,
    base: { ...options.fields },
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    serializers: { error: (thrown: unknown) => loggedError(thrown) },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
