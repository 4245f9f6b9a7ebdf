import type { PullEnvironment } from '../../contracts/pod-environment.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { assertParity } from '../engine/golden-parity.ts';
import { OnnxEngine } from '../engine/onnx.ts';
import { downloadPackage } from './download.ts';
import type { Download } from './download.ts';
import { openRepository, toldPatience } from './open-repository.ts';
import type { Patience } from './open-repository.ts';

/** Transient store errors are sat out this long; then the kubelet starts the container again, with its own back-off. */
export const PULL_PATIENCE = { totalMs: 60_000, baseMs: 500, maxMs: 10_000 } as const;

/** What `pull` works on. */
export type PullOptions = Readonly<{
  environment: PullEnvironment;
  packageFolder: string;
  logger: Logger;
  signal: AbortSignal;
  patience?: Patience;
}>;

/**
 * The init container: brings the inspected package to disk, verifies it, and proves that the engine reproduces its golden rows.
 * @throws ChurnOpsError as downloadPackage, OnnxEngine.load and assertParity
 */
export async function pull({ environment, packageFolder, logger, signal, patience = PULL_PATIENCE }: PullOptions): Promise<Download> {
  const { repository } = openRepository(environment, toldPatience(patience, { logger, signal }));
  try {
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
    repository.store.close();
  }
}
