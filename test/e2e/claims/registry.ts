import type { RunnableClaim } from '../context.ts';

/**
 * What the project says of itself, in the order in which it is shown: demo, parity, schema, bad-package, switch, ownership.
 * Claims about the running platform are wrapped by `onPlatform`.
 */
export const CLAIMS: readonly RunnableClaim[] = [];
