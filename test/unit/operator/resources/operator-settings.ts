import type { Settings } from '../../../../operator/resources/settings.ts';

/** What an operator is installed with, for tests that look at something else. */
export function operatorSettings(over: Partial<Settings> = {}): Settings {
  return {
    serverImage: 'registry.test/server:1',
    imagePullPolicy: 'IfNotPresent',
    imagePullSecrets: [],
    network: { policies: true, operator: { namespace: 'churnops', podLabels: { app: 'operator' } }, monitoringNamespaces: [] },
    logLevel: 'info',
    ...over,
  };
}
