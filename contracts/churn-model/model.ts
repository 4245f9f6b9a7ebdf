import { z } from 'zod';
import { durationText, ObjectName, rules, SecretReference, storeUrl, text } from './field-types.ts';

/** `spec.model`: which package to serve. */
export const Model = z
  .object({
    repository: storeUrl('Folder with one sub-folder per version: s3://bucket/prefix, or file:///folder on a mounted volume.'),
    version: text({
      pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
      message: 'write the name of a sub-folder of the repository (letters, digits, . _ -), or latest',
      max: 63,
      description: 'A sub-folder of the repository, or `latest` (resolved into status, never written into spec).',
    }),
    pollInterval: durationText('How often `latest` is resolved again; unset: 1h. A finished retraining is seen at once. No effect on a pinned version.', '10s').optional(),
  })
  .describe('Which model package to serve.');

const CredentialSource = z
  .object({
    secretRef: SecretReference.describe('Secret with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if used, AWS_SESSION_TOKEN.').optional(),
    serviceAccountName: ObjectName.describe('ServiceAccount that AWS maps to a role with rights in the bucket (IRSA, EKS Pod Identity). Cloud Storage takes keys only: use secretRef.').optional(),
  })
  .meta(rules({ rule: '!(has(self.secretRef) && has(self.serviceAccountName))', message: 'set secretRef or serviceAccountName, not both' }));

/** `spec.storage`: how pods reach the store. */
export const Storage = z
  .object({
    endpoint: text({
      pattern: /^https?:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?$/,
      message: 'write http://host:port or https://host, without a path',
      max: 253,
      description: 'Address of an S3 service; unset: AWS itself.',
    }).optional(),
    region: text({ pattern: /^[a-z0-9-]+$/, message: 'write a region such as eu-west-1', max: 63, description: 'Region; S3 services outside AWS mostly take any.' }).optional(),
    credentials: z
      .object({
        serving: CredentialSource.describe('Reads model packages, writes the journal of predictions and labels; where it may not write, predictions are answered and not kept.').optional(),
        evaluation: CredentialSource.describe("Inspects packages, reads journal and labels, writes evaluations, deletes what retention lets expire; empty: serving's.").optional(),
        training: CredentialSource.describe("Reads data sets, writes packages; empty: serving's.").optional(),
      })
      .describe('Who may do what in the store; separate credentials keep the training side away from labels.')
      .optional(),
    volumeClaim: z
      .object({ claimName: ObjectName })
      .describe('PersistentVolumeClaim that file:// paths live on: file:///models/telco-churn is the folder models/telco-churn of the volume. Serving pods read packages and write journal and labels; inspections and evaluations write evidence, retention deletes.')
      .optional(),
  })
  .meta(rules({ rule: '!has(self.volumeClaim) || !(has(self.endpoint) || has(self.credentials))', message: 'volumeClaim is for file://, endpoint and credentials are for s3://; set one side only' }))
  .describe('How pods reach the store.');
