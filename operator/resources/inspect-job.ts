import { sha256Hex, canonicalJson } from '../../contracts/digest.ts';
import { ACTIONS } from '../../contracts/names.ts';
import type { Decision } from '../rollout/decision.ts';
import type { Stable } from '../rollout/state.ts';
import { quantityNumber } from '../runtime/quantity.ts';
import type { Desired } from './desired.ts';
import { jobPod, resourcesOf, variables } from './pod-parts.ts';
import type { Settings } from './settings.ts';
import { childLabels, childMetadata, type Subject } from './subject.ts';

/** Longest inspection: a package may have files of 512 MiB. */
const DEADLINE_SECONDS = 900;
/** Where the model names none: packages are new here, and some are larger than anyone thought. */
const INSPECT_MEMORY_LIMIT = '2Gi';
const INSPECT_CPU = 0.1;
/** How long people can read the logs of a finished inspection. */
const KEEP_FINISHED_SECONDS = 3600;
/** Looks for a newer version come again and again. */
const KEEP_POLL_SECONDS = 600;

type Inspection = NonNullable<Decision['inspection']>;

/** Name of the Job of one try; the same try has the same name after a crash. */
export function inspectJobName(subject: Pick<Subject, 'name'>, inspection: Pick<Inspection, 'key' | 'attempt' | 'startedAtMs'>): string {
  return `${subject.name}-inspect-${sha256Hex(canonicalJson([inspection.key, inspection.attempt, inspection.startedAtMs])).slice(0, 8)}`;
}

/**
 * It loads the package as a serving pod does, so that the memory of the model is its own, and the limits that a namespace may ask for. It is one short
 * look: however many cores serving asks for, it waits for none of them.
 */
function inspectionResources(subject: Subject) {
  const { requests, limits } = resourcesOf(subject, { memoryLimit: INSPECT_MEMORY_LIMIT });
  const [most, memory] = [limits?.['cpu'], { requested: requests?.['memory'], most: limits?.['memory'] }];
  const cpu = most !== undefined && (quantityNumber(most) ?? 1) < INSPECT_CPU ? most : `${INSPECT_CPU * 1000}m`;
  return {
    requests: { cpu, ...(memory.requested === undefined ? {} : { memory: memory.requested }) },
    limits: { ...(most === undefined ? {} : { cpu: most }), ...(memory.most === undefined ? {} : { memory: memory.most }) },
  };
}

/** The Job that looks at a package before anything is deployed: digests, golden rows, offline gate (DESIGN section 5). */
export function inspectJob(subject: Subject, settings: Settings, inspection: Inspection, stable: Stable | undefined): Desired {
  const labels = childLabels(subject, 'inspect');
  const environment = variables({
    CHURNOPS_VERSION: inspection.requested,
    CHURNOPS_OFFLINE_MIN_AUC: subject.spec.rollout?.offline?.minAUC.toString(),
    CHURNOPS_STABLE_REPOSITORY: stable?.repository,
    CHURNOPS_STABLE_VERSION: stable?.version,
    CHURNOPS_STABLE_DIGEST: stable?.digest,
    CHURNOPS_KNOWN_VERSIONS: inspection.known.length === 0 ? undefined : inspection.known.join(','),
    CHURNOPS_ALLOW_SCHEMA_CHANGE: subject.annotations[ACTIONS.allowSchemaChange],
  });
  const name = inspectJobName(subject, inspection);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...childMetadata(subject, '', labels), name },
    spec: {
      // Every try is a Job of its own, so that the next one is ours to time and to explain.
      backoffLimit: 0,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      ttlSecondsAfterFinished: inspection.poll ? KEEP_POLL_SECONDS : KEEP_FINISHED_SECONDS,
      // It writes its report into the store.
      template: jobPod(subject, settings, { name: 'inspect', repository: inspection.repository, labels, environment, resources: inspectionResources(subject) }),
    },
  };
}
