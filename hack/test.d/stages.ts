import { asOne, jestReport, junitReport, ownSummary } from './counting.ts';
import type { Stage } from './stage.ts';

const jest = ['hack/node', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'] as const;

/** Needs nothing but this checkout. */
export const withoutCluster: readonly Stage[] = [
  { name: 'lint', command: ['hack/lint'], count: asOne },
  { name: 'types', command: ['hack/node', 'node_modules/typescript/bin/tsc', '--noEmit'], count: asOne },
  { name: 'generated', command: ['hack/node', 'contracts/generate/main.ts', '--check'], count: asOne },
  { name: 'unit', command: [...jest, '--selectProjects', 'unit', '--ci', '--json', '--outputFile=REPORT'], count: jestReport },
  { name: 'pytest', command: ['hack/pytest', '-p', 'no:cacheprovider', '--junitxml=REPORT'], count: junitReport },
];

/** Downloads the Python packages of the trainer and of the clients that claim v2-clients tries: waits for the network while others compute. */
export const pythonPackages: Stage = { name: 'venv', command: ['bash', '-c', 'hack/venv && hack/venv --no-deps test/e2e/claims/v2-clients/requirements.txt'], count: asOne };

/** Cluster, images, chart, packages, a served model: what claims run on. */
export const platform: Stage = { name: 'platform', command: ['hack/demo'], count: asOne };

/** Tests on the real API server. */
export function integration(input: Readonly<{ kubeconfig: string; versitygw: string; helm: string }>): Stage {
  return {
    name: 'integration',
    command: [...jest, '--selectProjects', 'integration', '--ci', '--json', '--outputFile=REPORT'],
    env: { CHURNOPS_KUBECONFIG: input.kubeconfig, CHURNOPS_VERSITYGW: input.versitygw, CHURNOPS_HELM: input.helm },
    count: jestReport,
  };
}

/** The short form of every claim. They measure: nothing else runs beside them. */
export const claims: Stage = { name: 'claims', command: ['hack/prove', '--short'], count: ownSummary, live: true };
