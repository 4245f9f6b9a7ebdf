/** What the operator was installed with, as far as children show it. */
export type Settings = Readonly<{
  serverImage: string;
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Secrets with the registry's credentials; they must exist in the namespaces of the models. */
  imagePullSecrets: readonly string[];
  /** Who reaches port 9090 of serving pods; `policies` false: NetworkPolicies are made elsewhere. */
  network: Readonly<{
    policies: boolean;
    operator: Readonly<{ namespace: string; podLabels: Readonly<Record<string, string>> }>;
    monitoringNamespaces: readonly string[];
  }>;
  /** Of the pods of models; the operator has one of its own. */
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}>;
