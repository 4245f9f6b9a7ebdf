import type { ApiClient } from './api-client.ts';
import type { DesiredObject, KubeObject, OwnerReference } from './kube-object.ts';
import type { Logger } from './logger.ts';
import type { ResourceKind } from './resource-kind.ts';

/** What became of one desired child. */
export type OwnedOutcome<T> = Readonly<
  | { outcome: 'Unchanged'; object: T }
  | { outcome: 'Created'; object: T }
  | { outcome: 'Updated'; object: T }
  /** Someone else's object has the name; it was not touched. */
  | { outcome: 'Foreign'; owner: OwnerReference | undefined }
  /** Ours, but being deleted: its end will wake us. */
  | { outcome: 'Terminating'; object: T }
>;

/** Applies desired children of one owner kind. */
export declare class OwnedApply {
  constructor(input: {
    client: ApiClient;
    /** Name of the annotation that holds the sha256 of the desired object: `churnops.dev/applied`. */
    annotation: string;
    logger: Logger;
  });
  /**
   * @param input.desired carries a controller ownerReference with `ownerUid`
   * @param input.current from the cache; undefined makes it look by name first
   * @throws ApiError; Conflict means that the object changed hands meanwhile: observe again
   */
  apply<T extends KubeObject>(
    input: { kind: ResourceKind<T>; ownerUid: string; desired: DesiredObject; current: T | undefined },
    signal: AbortSignal,
  ): Promise<OwnedOutcome<T>>;
}
