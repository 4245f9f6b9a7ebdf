import process from 'node:process';
import { parseEnvironment } from '../platform/configuration/environment.ts';
import { createLogger, type Logger } from '../platform/logging/logger.ts';
import { runOperator } from './operator.ts';
import { OperatorEnvironment } from './settings.ts';

/** A signal stops gracefully; a second one at once. What nobody caught ends the process: its state is in the API server, and a fresh start is clean. */
function superviseProcess(logger: Logger): AbortSignal {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) {
      logger.warn({ signal }, 'a second signal: stopping at once');
      process.exit(1);
    }
    logger.info({ signal }, 'stopping: running reconciles may end, then the lease is given back');
    stop.abort(new Error(`stopped by ${signal}`));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, (error: unknown) => {
      logger.error({ error }, event);
      process.exit(1);
    });
  }
  return stop.signal;
}

try {
  const environment = parseEnvironment(OperatorEnvironment, process.env);
  const logger = createLogger({ level: environment.CHURNOPS_LOG_LEVEL, fields: { component: 'operator', instance: environment.POD_NAME } });
  const ended = await runOperator({ environment, logger, stop: superviseProcess(logger) });
  logger.info({ ended }, 'operator stopped');
  // All is written and closed: nothing that was forgotten may keep the process alive.
  process.exit(ended === 'LeadershipLost' ? 1 : 0);
} catch (error) {
  createLogger({ level: 'info', fields: { component: 'operator' } }).error({ error }, 'operator failed');
  process.exitCode = 1;
}
