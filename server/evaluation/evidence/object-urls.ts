import type { VerifyEnvironment } from '../../../contracts/pod-environment.ts';
import { parseLocation } from '../../../platform/object-store/location.ts';
import { readWhole } from '../../../platform/object-store/object-store.ts';
import { openRepository } from '../../package/open-repository.ts';
import { patiently, streamObject } from '../../package/remote-package.ts';
import type { Repository } from '../../package/remote-package.ts';

/** Reads objects by the URLs that evidence names them by; a store is opened once. */
export class ObjectUrls {
  readonly #environment: VerifyEnvironment;
  readonly #patience: Repository['patience'];
  readonly #stores = new Map<string, Repository>();

  constructor(environment: VerifyEnvironment, patience: Repository['patience']) {
    this.#environment = environment;
    this.#patience = patience;
  }

  /**
   * An open store and the key that a URL has in it.
   * @throws ChurnOpsError ConfigurationInvalid for what is no URL of a store
   */
  open(url: string): Readonly<{ repository: Repository; key: string }> {
    const { root, prefix: key } = parseLocation(url, this.#environment.CHURNOPS_VOLUME);
    const repository = this.#stores.get(root) ?? openRepository(this.#environment, this.#patience, url).repository;
    this.#stores.set(root, repository);
    return { repository, key };
  }

  /** @throws ChurnOpsError FileMissing; PackageTooLarge; store errors */
  async bytes(url: string, maxBytes: number): Promise<Uint8Array> {
    const { repository, key } = this.open(url);
    return patiently(repository, () => readWhole(repository.store, key, { maxBytes, signal: this.#patience.signal }));
  }

  /** sha256 of an object, hex. @throws ChurnOpsError as `bytes` */
  async sha256(url: string, maxBytes: number): Promise<string> {
    const { repository, key } = this.open(url);
    const { sha256 } = await streamObject(repository, key, maxBytes);
    return sha256;
  }

  close(): void {
    for (const { store } of this.#stores.values()) store.close();
    this.#stores.clear();
  }
}
