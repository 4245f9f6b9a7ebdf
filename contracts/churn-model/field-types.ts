import { z } from 'zod';

/** A CEL rule of the CRD; its message is what `kubectl apply` prints. */
export type CelRule = Readonly<{ rule: string; message: string; fieldPath?: string; reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired' | 'FieldValueDuplicate' }>;

/** CEL rules as schema metadata; the CRD generator passes them on. */
export function rules(...list: readonly CelRule[]): { 'x-kubernetes-validations': readonly CelRule[] } {
  return { 'x-kubernetes-validations': list };
}

/**
 * A text of a given form. The API server answers a violated `pattern` with the pattern; people need a sentence, so the CRD generator
 * turns `x-message` into a CEL rule with this message. The pattern must be valid in JavaScript and in RE2.
 */
export function text(form: Readonly<{ pattern: RegExp; message: string; max: number; description: string }>): z.ZodString {
  return z.string().min(1).max(form.max).regex(form.pattern, form.message).meta({ 'x-message': form.message }).describe(form.description);
}

const DURATION = /^([0-9]{1,6}(h|m|s)){1,3}$/;

/** A duration of at least a second, or what `atLeast` says, as in 30s, 10m, 1h30m, 720h. */
export function durationText(description: string, atLeast = '1s'): z.ZodString {
  return z
    .string()
    .min(2)
    .max(24)
    .regex(DURATION, 'write a duration such as 30s, 10m, 1h30m or 720h')
    .meta({
      'x-message': 'write a duration such as 30s, 10m, 1h30m or 720h',
      ...rules({ rule: `!self.matches('${DURATION.source}') || duration(self) >= duration('${atLeast}')`, message: `must be at least ${atLeast}` }),
    })
    .describe(description);
}

/** A folder or file in the store, or on a volume. */
export function storeUrl(description: string): z.ZodString {
  return text({
    pattern: /^(s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[^\s]*)?|file:\/\/\/[^\s]+)$/,
    message: 'write s3://bucket/prefix or file:///folder',
    max: 1024,
    description,
  }).meta({
    'x-message': 'write s3://bucket/prefix or file:///folder',
    ...rules({ rule: "!self.matches('/[.][.]?(/|$)')", message: 'write the path without . and ..' }),
  }).describe(description);
}

/** The name of an object in the same namespace. */
export const ObjectName = text({
  pattern: /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
  message: 'write the name of an object in the same namespace: lower-case letters, digits, - and .',
  max: 253,
  description: 'Name of the object, in the same namespace.',
});

/** A Secret of the same namespace. */
export const SecretReference = z.object({ name: ObjectName }).describe('A Secret in the same namespace.');

/** A ConfigMap of the same namespace; recipe files are its values. */
export const ConfigMapName = ObjectName.describe('Name of a ConfigMap in the same namespace.');

/** A cron schedule of five fields, or a macro. */
export function cronSchedule(description: string): z.ZodString {
  return text({
    pattern: /^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|[0-9*,/A-Za-z?-]+( +[0-9*,/A-Za-z?-]+){4})$/,
    message: 'write a cron schedule of five fields, such as "0 3 1 * *" (minute hour day month weekday)',
    max: 100,
    description,
  });
}

/** A whole number or a text, as Kubernetes quantities and ports are written. */
export const IntOrString = z.union([z.number(), z.string().max(64)]).meta({ 'x-kubernetes-int-or-string': true });

/** An amount of money as a decimal text, so that no cent is lost to binary fractions. */
export function moneyText(description: string): z.ZodString {
  return text({ pattern: /^[0-9]{1,12}(\.[0-9]{1,6})?$/, message: 'write an amount as text, such as "5" or "165.50"', max: 20, description });
}

/** Anything Kubernetes itself checks when the operator applies it. */
export function kubernetesObject(description: string): z.ZodType<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).meta({ 'x-churnops-preserve': true }).describe(description);
}
