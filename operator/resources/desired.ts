import type { DesiredObject } from '../runtime/kube-object.ts';

/** An object as we want it, with the fields of its kind beside the metadata. */
export type Desired = DesiredObject & Readonly<Record<string, unknown>>;
