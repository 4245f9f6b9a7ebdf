import { onPlatform, type RunnableClaim } from '../context.ts';
import { atRest } from './at-rest.ts';
import { badPackage } from './bad-package.ts';
import { cost } from './cost.ts';
import { crash } from './crash.ts';
import { demo } from './demo.ts';
import { evidence } from './evidence.ts';
import { fuzz } from './fuzz.ts';
import { gateError } from './gate-error.ts';
import { hpa } from './hpa.ts';
import { misuse } from './misuse.ts';
import { noFailedCalls } from './no-failed-calls.ts';
import { nothingLost } from './nothing-lost.ts';
import { oracles } from './oracles.ts';
import { ownership } from './ownership.ts';
import { parity } from './parity.ts';
import { propagation } from './propagation.ts';
import { rights } from './rights.ts';
import { scale } from './scale.ts';
import { schema } from './schema.ts';
import { shadowLive } from './shadow-live.ts';
import { split } from './split.ts';
import { storage } from './storage.ts';
import { versionSwitch } from './switch.ts';
import { upgrade } from './upgrade.ts';
import { v2Clients } from './v2-clients.ts';

/**
 * What the project says of itself, in the order in which it is shown. Claims about the running platform are wrapped by `onPlatform`.
 * Neighbours that may be beside each other (`needs: 'shared'`, `'processor'`) run side by side in short form: keep them together, the
 * longest first, so that none is left to wait for at the end.
 */
export const CLAIMS: readonly RunnableClaim[] = [
  demo,
  onPlatform(shadowLive),
  onPlatform(split),
  onPlatform(badPackage),
  onPlatform(hpa),
  onPlatform(ownership),
  onPlatform(rights),
  onPlatform(propagation),
  onPlatform(storage),
  onPlatform(parity),
  onPlatform(nothingLost),
  onPlatform(v2Clients),
  onPlatform(schema),
  onPlatform(misuse),
  evidence,
  gateError,
  oracles,
  onPlatform(versionSwitch),
  onPlatform(upgrade),
  onPlatform(fuzz),
  onPlatform(noFailedCalls),
  onPlatform(atRest),
  onPlatform(scale),
  onPlatform(crash),
  cost,
];
