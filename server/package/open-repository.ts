import type { PullEnvironment } from '../../contracts/pod-environment.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { parseLocation } from '../../platform/object-store/location.ts';
import type { StoreLocation } from '../../platform/object-store/location.ts';
import { openStore } from '../../platform/object-store/open.ts';
import type { RetryPolicy } from '../../platform/retry/retry.ts';
import type { Repository } from './remote-package.ts';

/** Where a pod's environment says that the repository is. */
type StoreEnvironment = Pick<PullEnvironment, 'CHURNOPS_REPOSITORY' | 'CHURNOPS_VOLUME' | 'CHURNOPS_STORE_ENDPOINT' | 'CHURNOPS_STORE_REGION'>;

/** How long transient errors of the store are sat out. */
export type Patience = Pick<RetryPolicy, 'totalMs' | 'baseMs' | 'maxMs'>;

/** A retry policy that tells of every try that failed. */
export function toldPatience(patience: Patience, { logger, signal }: Readonly<{ logger: Logger; signal: AbortSignal }>): Repository['patience'] {
  return { ...patience, signal, onRetry: (error, attempt, waitMs) => logger.warn({ error, attempt, waitMs }, 'store unreachable, trying again') };
}

/**
 * Opens a repository of the pod's store; close its `store` when done.
 * @param url another repository of the same store
 * @throws ChurnOpsError ConfigurationInvalid for a repository that is none
 */
export function openRepository(environment: StoreEnvironment, patience: Repository['patience'], url = environment.CHURNOPS_REPOSITORY): Readonly<{ repository: Repository; location: StoreLocation }> {
  const location = parseLocation(url, environment.CHURNOPS_VOLUME);
  const store = openStore(location, { endpoint: environment.CHURNOPS_STORE_ENDPOINT, region: environment.CHURNOPS_STORE_REGION });
  return { repository: { store, prefix: location.prefix, url, patience }, location };
}
