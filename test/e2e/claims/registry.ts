import { onPlatform, type RunnableClaim } from '../context.ts';
import { badPackage } from './bad-package.ts';
import { demo } from './demo.ts';
import { ownership } from './ownership.ts';
import { parity } from './parity.ts';
import { schema } from './schema.ts';
import { versionSwitch } from './switch.ts';

/**
 * What the project says of itself, in the order in which it is shown: demo, parity, schema, bad-package, switch, ownership.
 * Claims about the running platform are wrapped by `onPlatform`.
 */
export const CLAIMS: readonly RunnableClaim[] = [demo, onPlatform(parity), onPlatform(schema), onPlatform(badPackage), onPlatform(versionSwitch), onPlatform(ownership)];
