import { API_VERSION } from '../../../../contracts/names.ts';
import { ON_FAKE_NODES } from '../../fake-nodes.ts';
import { STORAGE, TELCO_REPOSITORY, VERSIONS } from '../../manifest.ts';

/** How a manifest gets into the cluster. */
export type Way = 'kubectl apply' | 'kubectl apply --server-side';

/** A manifest as somebody wrote it. */
export type Written = Readonly<{ name: string; how: string; way: Way; manifest: object }>;

const KEY = 'churnops.dev/fake-node';
const STORAGE_SPEC = { endpoint: STORAGE.endpoint, credentials: { serving: { secretRef: { name: STORAGE.secret } } } };
const MODEL = { repository: TELCO_REPOSITORY, version: VERSIONS.decent };

/** `clientSide`: as a server-side apply the API server refuses it. */
type Habit = Readonly<{ how: string; clientSide?: boolean; metadata?: object; spec?: object; serving?: object; scheduling?: object }>;

/** What people write that the API server stores in another form, or that says nothing. Pods are on fake nodes. */
const HABITS: readonly Habit[] = [
  { how: 'nothing but what must be' },
  { how: 'cpu "0.5", memory 0.25Gi', serving: { resources: { requests: { cpu: '0.5', memory: '0.25Gi' }, limits: { memory: '1024Mi' } } } },
  { how: 'cpu 60m, memory 1e9', serving: { resources: { requests: { cpu: '60m', memory: '1e9' }, limits: { cpu: '1000m', memory: '2e9' } } } },
  { how: 'whole numbers without quotes', serving: { resources: { requests: { cpu: '0.1', memory: 268435456 }, limits: { cpu: 1, memory: 1073741824 } } } },
  { how: 'amounts finer than Kubernetes keeps', serving: { resources: { requests: { cpu: '0.0605', memory: '256.5Mi' }, limits: { memory: '1.5G' } } } },
  { how: 'a limit without a request', serving: { resources: { limits: { cpu: '500m', memory: '0.5Gi' } } } },
  { how: 'empty maps and lists', serving: { resources: { requests: {}, limits: {} } }, scheduling: { affinity: {}, topologySpreadConstraints: [], priorityClassName: '' }, spec: { batch: [] } },
  { how: 'an empty resources', serving: { resources: {} } },
  { how: 'nulls', clientSide: true, metadata: { annotations: null }, serving: { resources: null, decisionThreshold: null }, spec: { rollout: null, retraining: null } },
  { how: 'a threshold of 0', serving: { decisionThreshold: 0 } },
  { how: 'a threshold of 1.0', serving: { decisionThreshold: 1 } },
  { how: 'a threshold with many digits', serving: { decisionThreshold: 0.423000000000001 } },
  { how: 'a toleration without an operator', scheduling: { tolerations: [{ key: KEY, value: 'true', effect: 'NoSchedule' }] } },
  { how: 'a toleration of everything', scheduling: { tolerations: [{ operator: 'Exists' }] } },
  { how: 'tolerations in another order, one of them twice', scheduling: { tolerations: [{ effect: 'NoExecute', operator: 'Exists', tolerationSeconds: 300, key: 'node.kubernetes.io/not-ready' }, { key: KEY, operator: 'Exists' }, { operator: 'Exists', key: KEY }] } },
  { how: 'a preferred anti-affinity with defaults left out', scheduling: { affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 50, podAffinityTerm: { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }, namespaces: [] } }] } } } },
  { how: 'a node affinity with empty lists', scheduling: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: KEY, operator: 'Exists', values: [] }], matchFields: [] }] } }, podAffinity: {} } } },
  { how: 'spread by hand', scheduling: { topologySpreadConstraints: [{ whenUnsatisfiable: 'ScheduleAnyway', topologyKey: 'topology.kubernetes.io/zone', maxSkew: 2 }] } },
  { how: 'two spreads', scheduling: { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' }, { maxSkew: 3, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' }] } },
  { how: 'labels and annotations of their own', metadata: { labels: { team: 'retention', 'app.kubernetes.io/managed-by': 'argocd', 'app.kubernetes.io/instance': 'retention-prod' }, annotations: { 'argocd.argoproj.io/tracking-id': 'retention:churnops.dev/ChurnModel:retention/x', 'example.com/empty': '' } } },
  { how: 'every default written out', serving: { auth: 'None' }, spec: { rollout: { rollbackWindow: '24h', suspend: false } } },
  { how: 'durations in another unit', spec: { rollout: { rollbackWindow: '86400s', offline: { minAUC: 0.5 } } } },
  { how: 'branches without effect yet', spec: { monitoring: { drift: { warn: 0.1 } }, retention: { raw: '2160h' }, journal: { samplePercent: 50 } } },
  { how: 'no pods', serving: { replicas: 0 } },
  { how: 'fields in another order', metadata: { annotations: { z: '1', a: '2' } }, spec: { storage: { credentials: { evaluation: {}, serving: { secretRef: { name: STORAGE.secret } } }, region: 'us-east-1', endpoint: STORAGE.endpoint } } },
];

const WAYS: readonly Way[] = ['kubectl apply', 'kubectl apply --server-side'];

/** Every habit in every way. @param count how many, from the first on; habits in turn, then the next way */
export function writtenManifests(count: number): readonly Written[] {
  const all = WAYS.flatMap((way, turn) => HABITS.map((habit, index) => written(habit, `written-${turn * HABITS.length + index}`, habit.clientSide === true ? 'kubectl apply' : way)));
  // Short form: of both ways, and not only the first habits.
  const step = all.length / Math.min(count, all.length);
  return Array.from({ length: Math.min(count, all.length) }, (_, index) => all[Math.floor(index * step)]).filter((one) => one !== undefined);
}

function written({ how, metadata, spec, serving, scheduling }: Habit, name: string, way: Way): Written {
  const manifest = {
    apiVersion: API_VERSION,
    kind: 'ChurnModel',
    metadata: { name, ...metadata },
    spec: { model: MODEL, storage: STORAGE_SPEC, serving: { replicas: 1, ...serving, scheduling: { ...ON_FAKE_NODES, ...scheduling } }, ...spec },
  };
  return { name, how, way, manifest };
}
