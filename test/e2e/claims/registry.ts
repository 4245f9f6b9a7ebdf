import type { PlatformClaim } from '../context.ts';

/** What the project says of itself, in the order in which it is shown: demo, parity, schema, bad-package, switch, ownership. */
export const CLAIMS: readonly PlatformClaim[] = [];
