import { z } from 'zod';
import { API_VERSION } from '../../contracts/names.ts';
import type { ChurnModelSpec } from '../../contracts/churn-model/spec.ts';
import type { DesiredObject } from '../../operator/runtime/kube-object.ts';

/** A spec as a person writes it: what has a default may be left out. */
export type SpecText = z.input<typeof ChurnModelSpec>;

/** A ChurnModel as a person writes it. */
export type ModelManifest = DesiredObject & Readonly<{ spec: SpecText }>;

/** A manifest read from a file. Parsing fills defaults in: the API server is not asked about those that a person left out. */
export const ModelManifestFile = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('ChurnModel'),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  spec: z.unknown(),
});

/** Where the chart's store is for pods, and the Secret that opens it. */
export const STORAGE = {
  endpoint: 'http://s3.churnops:7070',
  bucket: 'churn',
  secret: 'churn-storage',
} as const;

/** The packages of models/telco-churn, by what they are good for. */
export const VERSIONS = {
  decent: '20261001-0300',
  better: '20261101-0300',
  /** Trained on shuffled labels; its card says so. */
  shuffled: '20261115-0300',
} as const;

/** Where `hack/demo` uploads them. */
export const TELCO_REPOSITORY = `s3://${STORAGE.bucket}/models/telco-churn`;

/**
 * The manifest of a model on the embedded store: by default the decent Telco version, two pods, no gate.
 * `spec` replaces whole top-level fields of the spec.
 */
export function churnModel(input: Readonly<{
  name: string;
  version?: string;
  repository?: string;
  namespace?: string;
  annotations?: Readonly<Record<string, string>>;
  spec?: Partial<SpecText>;
}>): ModelManifest {
  const { name, namespace, annotations, version = VERSIONS.decent, repository = TELCO_REPOSITORY } = input;
  return {
    apiVersion: API_VERSION,
    kind: 'ChurnModel',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...(annotations === undefined ? {} : { annotations }) },
    spec: {
      model: { repository, version },
      storage: { endpoint: STORAGE.endpoint, credentials: { serving: { secretRef: { name: STORAGE.secret } } } },
      ...input.spec,
    },
  };
}
