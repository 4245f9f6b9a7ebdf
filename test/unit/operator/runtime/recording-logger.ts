import type { Logger } from '../../../../operator/runtime/logger.ts';

/** One line of a log. */
export type LogLine = Readonly<{ level: 'debug' | 'info' | 'warn' | 'error'; message: string; fields: object }>;

/** A logger that keeps its lines. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[] = [];

  debug(fields: object, message: string): void {
    this.lines.push({ level: 'debug', message, fields });
  }

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', message, fields });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', message, fields });
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', message, fields });
  }
}
