import type { PullEnvironment } from '../../contracts/pod-environment.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { parseLocation } from '../../platform/object-store/location.ts';
import { openStore } from '../../platform/object-store/open.ts';
import type { RetryPolicy } from '../../platform/retry/retry.ts';
import { assertParity } from '../engine/golden-parity.ts';
import { OnnxEngine } from '../engine/onnx.ts';
import { downloadPackage } from './download.ts';
import type { Download } from './download.ts';

/** Transient store errors are sat out this long; then the kubelet starts the container again, with its own back-off. */
export const PULL_PATIENCE = { totalMs: 60_000, baseMs: 500, maxMs: 10_000 } as const;

/** What `pull` works on. */
export type PullOptions = Readonly<{
  environment: PullEnvironment;
  packageFolder: string;
  logger: Logger;
  signal: AbortSignal;
  patience?: Pick<RetryPolicy, 'totalMs' | 'baseMs' | 'maxMs'>;
}>;

/**
 * The init container: brings the inspected package to disk, verifies it, and proves that the engine reproduces its golden rows.
 * @throws ChurnOpsError as downloadPackage, OnnxEngine.load and assertParity
 */
export async function pull({ environment, packageFolder, logger, signal, patience = PULL_PATIENCE }: PullOptions): Promise<Download> {
  const location = parseLocation(environment.CHURNOPS_REPOSITORY, environment.CHURNOPS_VOLUME);
  const store = openStore(location, { endpoint: environment.CHURNOPS_STORE_ENDPOINT, region: environment.CHURNOPS_STORE_REGION });
  try {
    const onRetry = (error: unknown, attempt: number, waitMs: number): void => logger.warn({ error, attempt, waitMs }, 'store unreachable, trying again');
    const repository = { store, prefix: location.prefix, url: environment.CHURNOPS_REPOSITORY, patience: { ...patience, signal, onRetry } };
    const download = await downloadPackage(repository, environment.CHURNOPS_VERSION, environment.CHURNOPS_PACKAGE_DIGEST, packageFolder);
    const engine = await OnnxEngine.load(download.found.graph, download.found.card);
    try {
      const parity = await assertParity(engine, download.found.card, download.found.golden);
      logger.info({ origin: download.origin, digest: download.found.digest, parity }, 'package verified');
    } finally {
      await engine.close();
    }
    return download;
  } finally {
    store.close();
  }
}
