import { ApiError } from './api-error.ts';
import type { Logger } from './logger.ts';
import { isOlder } from './resource-version.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';

/** A server that is behind the one we knew gives older lists. After this many in a row we believe it: etcd was restored. */
const olderListsBelieved = 5;

/** Time travel: an API server that lags behind must not make us act on the past. */
export class ListGuard {
  readonly #name: string;
  readonly #logger: Logger;
  readonly #metrics: RuntimeMetrics;
  #olderLists = 0;

  constructor(name: string, logger: Logger, metrics: RuntimeMetrics) {
    this.#name = name;
    this.#logger = logger;
    this.#metrics = metrics;
  }

  /**
   * Whether a list may be taken over as it stands to what was known; `GoneBack`: older, and believed.
   * @throws ApiError Unavailable for an older list that is not believed yet
   */
  judge(resourceVersion: string, known: string | undefined): 'Newer' | 'GoneBack' {
    if (known === undefined || !isOlder(resourceVersion, known)) {
      this.#olderLists = 0;
      return 'Newer';
    }
    this.#metrics.olderVersions.inc({ name: this.#name });
    this.#olderLists += 1;
    if (this.#olderLists < olderListsBelieved) {
      throw new ApiError({ code: 'Unavailable', message: `LIST ${this.#name}: version ${resourceVersion} is older than ${known}` });
    }
    this.#logger.error({ resourceVersion, known }, 'the API server went back in time, its list is taken over');
    this.#olderLists = 0;
    return 'GoneBack';
  }
}
