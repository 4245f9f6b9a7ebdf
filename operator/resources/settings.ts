/** What the operator was installed with, as far as children show it. */
export type Settings = Readonly<{
  serverImage: string;
  imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  logLevel: 'debug' | 'info' | 'warn' | 'error';
}>;
