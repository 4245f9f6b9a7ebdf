/**
 * The names under which the parts of ChurnOps meet in the cluster: API group, labels, annotations, ports, paths.
 * Operator and server never import each other; both import these.
 */

/** API group of every kind, label and annotation of ours. */
export const GROUP = 'churnops.dev';
export const API_VERSION = `${GROUP}/v1alpha1` as const;

/** Labels. Role (stable, candidate) is never a label: selectors name model and hash (DESIGN section 3). */
export const LABELS = {
  /** ChurnModel name; on every child. */
  model: `${GROUP}/model`,
  /** First 8 hex digits of the candidate hash; on Deployments and pods of one version. */
  hash: `${GROUP}/hash`,
  /** Name of the volume claim that a pod mounts; only where the repository is on file://. */
  claim: `${GROUP}/claim`,
  /** What a pod or Job is for: `serving`, `inspect`, `evaluate` or `retention`. */
  component: 'app.kubernetes.io/component',
  /** On a ChurnModel: which operator looks after it (CHURNOPS_OPERATOR_CLASS); without it, the one that has no class. */
  operatorClass: `${GROUP}/operator-class`,
  managedBy: 'app.kubernetes.io/managed-by',
  name: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
} as const;

/** Suffix of the headless Service through which stable's pods find the candidate's; it is there while a candidate runs beside stable. */
export const CANDIDATE_SERVICE = 'candidate';

/** What `spec.model.version` says for the newest version. */
export const LATEST = 'latest';

/** Annotations that the operator writes on children. */
export const ANNOTATIONS = {
  /** sha256 of the desired object, so that a field we no longer want is noticed. */
  applied: `${GROUP}/applied`,
  /** TrafficPolicy as JSON, on pods; read through a downward-API volume. */
  trafficPolicy: `${GROUP}/traffic-policy`,
  /** Full package version (a label value would be too narrow for some). */
  version: `${GROUP}/version`,
  /** What version it is, as JSON, on its Deployment: what serves is known by it where status was lost. */
  identity: `${GROUP}/identity`,
  /** On a model's Secrets: for which text of the annotation that rotates they were rotated last, as a digest, and when. */
  rotatedFor: `${GROUP}/rotated-for`,
  rotatedAt: `${GROUP}/rotated-at`,
} as const;

/** Annotations through which people act on a ChurnModel; the value is a candidate hash (or its first 8 digits) where nothing else is said. */
export const ACTIONS = {
  promote: `${GROUP}/promote`,
  abort: `${GROUP}/abort`,
  retry: `${GROUP}/retry`,
  override: `${GROUP}/override`,
  allowSchemaChange: `${GROUP}/allow-schema-change`,
  retrain: `${GROUP}/retrain`,
  /** Any new text rotates the feedback token and the keys of prediction ids, once. */
  rotateFeedbackToken: `${GROUP}/rotate-feedback-token`,
} as const;

export const MANAGED_BY = 'churnops';
/** Field manager of every server-side apply by the operator. */
export const FIELD_MANAGER = 'churnops-operator';

/** Headers between serving pods and to their callers, in lower case. */
export const HEADERS = {
  /** On what one pod sends to another: the candidate hash it is meant for. Who gets it scores the rows and sends them to nobody else. */
  hop: 'x-churnops-hop',
  /** On answers to callers: the roles of the predictions, where not all are stable. */
  role: 'x-churnops-role',
} as const;

/** Ports of a serving pod. */
export const PORTS = { http: 8080, control: 9090 } as const;

/** Paths inside a serving or inspect pod. */
export const PATHS = {
  /** Where `pull` writes the verified package and `serve` reads it. */
  package: '/var/lib/churnops/package',
  /** Downward-API volume; the file `policy` holds the annotation's value, empty without one. */
  traffic: '/etc/churnops/traffic',
  trafficPolicyFile: '/etc/churnops/traffic/policy',
  /** Where the claim of a file:// repository is mounted; file:///models/telco-churn is models/telco-churn below it. */
  volume: '/var/lib/churnops/volume',
  /** Segments of the journal that the store does not have yet; a volume that outlives the container, not the pod. */
  journal: '/var/lib/churnops/journal',
  /** The Secret {@link SECRETS}.feedback, mounted whole, optional. */
  feedback: '/etc/churnops/feedback',
  /** The Secret {@link SECRETS}.predictionKeys, mounted whole, optional. */
  predictionKeys: '/etc/churnops/prediction-keys',
  /** The empty volume of a Job: copies, the database and what it spills; nothing in it is worth keeping. */
  scratch: '/tmp',
  terminationMessage: '/dev/termination-log',
} as const;

/**
 * Secrets of a model, named `<model>-<suffix>`; serving pods mount them as folders, so that a rotation needs no restart.
 * `feedback` is what applications mount too: the bearer token of `:feedback`, and the one before it while that is still good.
 * `predictionKeys` (PredictionKeys in contracts/feedback.ts) is for pods of the model only.
 */
export const SECRETS = {
  feedback: { suffix: 'feedback', token: 'token', previousToken: 'previous-token' },
  predictionKeys: { suffix: 'prediction-keys', keys: 'keys.json' },
} as const;

/** Files of a model package (DESIGN section 2.2). */
export const PACKAGE_FILES = {
  card: 'model.json',
  graph: 'model.onnx',
  golden: 'golden.json',
  report: 'report.html',
} as const;
