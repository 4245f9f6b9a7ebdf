import { output } from './command.ts';
import type { SpecText } from './manifest.ts';

const KEY = 'churnops.dev/fake-node';

/** `spec.serving.scheduling` of models whose pods shall only exist in the API server: kwok says that they are ready, and answers inspections. */
export const ON_FAKE_NODES = {
  nodeSelector: { [KEY]: 'true' },
  tolerations: [{ key: KEY, operator: 'Exists', effect: 'NoSchedule' }],
} as const satisfies NonNullable<SpecText['serving']>['scheduling'];

/** Makes sure that there are fake nodes: `hack/cluster kwok`. */
export async function fakeNodes(signal: AbortSignal): Promise<void> {
  await output('hack/cluster', ['kwok'], { signal });
}
