/** What the operator was installed with, as far as children show it. */
export type Settings = Readonly<{
  serverImage: string;
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Secrets with the registry's credentials; they must exist in the namespaces of the models. */
  imagePullSecrets: readonly string[];
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}>;
