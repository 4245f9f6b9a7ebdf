import { autoscalerName } from '../resources/autoscaler.ts';
import { childName, type Subject } from '../resources/subject.ts';
import type { LiveAutoscaler } from '../rollout/facts.ts';
import type { Autoscaler } from './kinds.ts';

const HASH = /^[0-9a-f]{8}$/;

function targetOf(subject: Pick<Subject, 'name'>, { spec }: Autoscaler): string | undefined {
  const { kind, name } = spec.scaleTargetRef;
  const hash = name.slice(-8);
  return kind === 'Deployment' && HASH.test(hash) && name === childName(subject, hash) ? hash : undefined;
}

/** What it says of itself: `AbleToScale` and `ScalingActive` false name what is missing (metrics-server, a right). */
function scalingOf({ status }: Autoscaler): LiveAutoscaler['scaling'] {
  const conditions = status?.conditions ?? [];
  const find = (type: string) => conditions.find((condition) => condition.type === type);
  const unable = [find('AbleToScale'), find('ScalingActive')].find((condition) => condition?.status === 'False');
  if (unable !== undefined) return { status: 'False', reason: unable.reason ?? 'ScalingInactive', message: unable.message ?? 'it does not say why' };
  if (find('ScalingActive')?.status !== 'True') return { status: 'Unknown', reason: 'AutoscalerNotHeard', message: 'it has not looked yet' };
  const limited = find('ScalingLimited');
  // Its smallest size is where it rests at night; its largest is where callers wait.
  if (limited?.status === 'True' && limited.reason === 'TooManyReplicas') return { status: 'True', reason: 'AtMaximum', message: 'it would scale beyond maxReplicas' };
  return { status: 'True', reason: 'Scaling', message: 'it sizes the stable version' };
}

/** Facts of the model's own autoscaler. */
export function observeAutoscaler(subject: Pick<Subject, 'name'>, autoscalers: readonly Autoscaler[]): LiveAutoscaler | undefined {
  const live = autoscalers.find((each) => each.metadata.name === autoscalerName(subject));
  return live === undefined ? undefined : { target: targetOf(subject, live), scaling: scalingOf(live) };
}
