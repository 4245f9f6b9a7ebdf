import { shortHash } from '../contracts/digest.ts';
import { CANDIDATE_SERVICE, LABELS } from '../contracts/names.ts';
import type { Caches } from './caches.ts';
import { AUTOSCALERS, CHURN_MODELS, CRON_JOBS, DEPLOYMENTS, DISRUPTION_BUDGETS, JOBS, NETWORK_POLICIES, PODS, podsOfJob, SERVICE_ACCOUNTS, SERVICES, type Deployment } from './observation/kinds.ts';
import type { Children } from './observation/observe.ts';
import { isServingPod } from './observation/pod-policy.ts';
import { isReady } from './observation/version-pods.ts';
import { autoscaler } from './resources/autoscaler.ts';
import { candidateAddress, candidateServices } from './resources/candidate-service.ts';
import type { Desired } from './resources/desired.ts';
import { disruptionBudgets } from './resources/disruption-budget.ts';
import { evaluateJob } from './resources/evaluate-job.ts';
import { inspectJob } from './resources/inspect-job.ts';
import { networkPolicies } from './resources/network-policy.ts';
import { isBoundToOneNode } from './resources/pod-parts.ts';
import { retentionCronJobs } from './resources/retention-cron-job.ts';
import { serviceAccounts } from './resources/service-account.ts';
import { NOBODY, stableService } from './resources/service.ts';
import { mountsSecrets, servingDeployment } from './resources/serving-deployment.ts';
import type { Settings } from './resources/settings.ts';
import { childName, type Subject } from './resources/subject.ts';
import type { ModelSecrets } from './model-secrets.ts';
import { policyPatches, writePolicies } from './pod-policies.ts';
import type { Decision, DesiredVersion } from './rollout/decision.ts';
import type { ApiClient } from './runtime/api-client.ts';
import type { Clock } from './runtime/clock.ts';
import { refOf, type DesiredObject, type KubeObject } from './runtime/kube-object.ts';
import { attempt, heldChild, nameConflict, Round, type ApplyResult, type Put } from './round.ts';
import type { OwnedApply } from './runtime/owned-apply.ts';
import type { ResourceKind } from './runtime/resource-kind.ts';
import type { KindCache } from './runtime/kind-cache.ts';

/** Brings a model's children to what a decision says, in an order that never leaves callers without pods. */
export class ChildrenWriter {
  readonly #client: ApiClient;
  readonly #apply: OwnedApply;
  readonly #caches: Caches;
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #secrets: ModelSecrets;

  constructor(parts: Readonly<{ client: ApiClient; apply: OwnedApply; caches: Caches; settings: Settings; clock: Clock; secrets: ModelSecrets }>) {
    this.#client = parts.client;
    this.#apply = parts.apply;
    this.#caches = parts.caches;
    this.#settings = parts.settings;
    this.#clock = parts.clock;
    this.#secrets = parts.secrets;
  }

  /**
   * Scale up before the Service moves, scale down and delete after (DESIGN section 4, invariants 1 and 2). An autoscaler that is no longer
   * wanted goes before anything is scaled; one that stays holds the side that callers leave at its size, and follows them. A Deployment
   * that lost our label by somebody's hand seemed to be gone: it gets the label back, and nothing else follows from its absence.
   * @throws ApiError for what trying again may cure; what a person must cure comes back as a problem
   */
  async write(subject: Subject, children: Children, decision: Decision, signal: AbortSignal): Promise<ApplyResult> {
    const round = new Round(async () => this.#isThere(subject, signal));
    // What pods are told comes before all else: it asks of a candidate what it can carry now, and takes back what it cannot.
    const told = await writePolicies({ client: this.#client, caches: this.#caches, round }, policyPatches(children.pods, decision.state.stable?.hash, decision.policy), signal);
    for (const account of serviceAccounts(subject)) await round.do(this.#put(round, SERVICE_ACCOUNTS, this.#caches.serviceAccounts, subject, account, signal));
    const runs = decision.versions.length > 0 && decision.versions.every(({ identity }) => children.deployments.some((each) => each.metadata.name === childName(subject, shortHash(identity.hash)) && mountsSecrets(each)));
    round.recheckMs = await this.#secrets.keep(round, { subject, runs }, signal);
    for (const job of wantedJobs(subject, this.#settings, decision)) await round.do(this.#startJob(round, subject, job, signal));
    for (const service of candidateServices(subject, decision.besideStable)) await round.do(this.#put(round, SERVICES, this.#caches.services, subject, service, signal));
    for (const policy of networkPolicies(subject, this.#settings)) await round.do(this.#put(round, NETWORK_POLICIES, this.#caches.networkPolicies, subject, policy, signal));
    const sized: { deployment: Deployment; replicas: number }[] = [];
    for (const { identity, replicas } of decision.versions) {
      const deployment = await round.do(this.#put(round, DEPLOYMENTS, this.#caches.deployments, subject, servingDeployment(subject, this.#settings, identity), signal));
      for (const budget of disruptionBudgets(subject, identity.hash)) await round.do(this.#put(round, DISRUPTION_BUDGETS, this.#caches.budgets, subject, budget, signal));
      if (deployment !== undefined && replicas !== undefined) sized.push({ deployment, replicas });
    }
    if (round.outdated) return round.result(false);
    // An autoscaler that cannot be taken away, or not be held, still writes replicas: nothing that it could spoil goes on.
    if (decision.autoscaler === undefined && !(await this.#remove(round, AUTOSCALERS, this.#caches.autoscalers, children.autoscalers, signal))) return round.result(false);
    for (const { deployment, replicas } of sized) if (replicas > deployment.spec.replicas) await round.do(this.#scale(deployment, replicas, signal));
    if (decision.holding !== undefined && (await round.do(this.#put(round, AUTOSCALERS, this.#caches.autoscalers, subject, autoscaler(subject, decision.holding), signal))) === undefined) return round.result(false);
    if (await this.#leavesReadyPods(subject, children, selectedHash(decision), signal)) round.outdated = true;
    if (round.outdated) return round.result(false);
    const service = await round.do(this.#put(round, SERVICES, this.#caches.services, subject, stableService(subject, selectedHash(decision)), signal));
    if (service !== undefined) {
      if (decision.autoscaler !== undefined) await round.do(this.#put(round, AUTOSCALERS, this.#caches.autoscalers, subject, autoscaler(subject, decision.autoscaler), signal));
      // A pod that could not be told still counts on what would go.
      if (told) {
        for (const { deployment, replicas } of sized) if (replicas < deployment.spec.replicas) await round.do(this.#scale(deployment, replicas, signal, deployment.metadata.resourceVersion));
        await this.#prune(round, subject, children, decision, signal);
      }
    }
    await this.#schedule(subject, children, decision, round, signal);
    return round.result(service !== undefined);
  }

  /**
   * Whether callers would be taken from pods that are ready, while our copies do not know it yet. Copies of different kinds differ in age: an operator that
   * was cut off right after a switch, and begins with pods older than the Service, would send callers back, and on again a moment later.
   */
  async #leavesReadyPods({ name, namespace }: Subject, children: Children, to: string | undefined, signal: AbortSignal): Promise<boolean> {
    const from = children.services.find(({ metadata }) => metadata.name === name)?.spec.selector?.[LABELS.hash];
    if (from === undefined || from === NOBODY || from === to) return false;
    if (children.pods.some((pod) => pod.metadata.labels?.[LABELS.hash] === from && isReady(pod))) return false;
    const { items } = await this.#client.list(PODS, { namespace, labelSelector: `${LABELS.model}=${name},${LABELS.hash}=${from}` }, signal);
    return items.some((pod) => isServingPod(pod) && isReady(pod));
  }

  async #put<T extends KubeObject>(round: Round, kind: ResourceKind<T>, cache: KindCache<T>, subject: Subject, desired: DesiredObject, signal: AbortSignal): Promise<Put<T>> {
    const current = cache.get(refOf(desired));
    // The end of a child may be told before the end of its model, which took it along: it must not come back.
    if (current === undefined && !(await round.ownerIsThere())) return {};
    return attempt(`${kind.kind} ${desired.metadata.name}`, async () => {
      // A Service that an overtaken call turned back would send callers to pods that are gone.
      const result = await this.#apply.apply({ kind, ownerUid: subject.uid, desired, current, exact: kind.kind === SERVICES.kind }, signal);
      if (result.outcome === 'Created' || result.outcome === 'Updated') cache.recordWrite(result.object);
      if (result.outcome === 'Foreign') return { problem: nameConflict(kind.kind, desired.metadata.name, result.owner) };
      if (current === undefined && result.outcome === 'Updated' && kind.kind === DEPLOYMENTS.kind) round.outdated = true;
      if (result.outcome === 'Terminating') return heldChild(kind.kind, result.object, this.#clock.nowMs());
      return { object: result.object };
    });
  }

  /** Whether the model is there still, by the API server's own word. */
  async #isThere({ name, namespace, uid }: Subject, signal: AbortSignal): Promise<boolean> {
    const live = await this.#client.get(CHURN_MODELS, { namespace, name }, signal);
    return live?.metadata.uid === uid && live.metadata.deletionTimestamp === undefined;
  }

  /** A Job cannot be changed: it is created once, and the next try is another Job. */
  async #startJob(round: Round, subject: Subject, job: Desired, signal: AbortSignal): Promise<Put<KubeObject>> {
    const existing = this.#caches.jobs.get(refOf(job));
    if (existing !== undefined) return { object: existing };
    return this.#put(round, JOBS, this.#caches.jobs, subject, job, signal);
  }

  /** CronJobs that are wanted, and none that are not. */
  async #schedule(subject: Subject, children: Children, decision: Decision, round: Round, signal: AbortSignal): Promise<void> {
    const wanted = retentionCronJobs(subject, this.#settings, decision.state);
    for (const cronJob of wanted) await round.do(this.#put(round, CRON_JOBS, this.#caches.cronJobs, subject, cronJob, signal));
    const names = new Set(wanted.map((each) => each.metadata.name));
    await this.#remove(round, CRON_JOBS, this.#caches.cronJobs, children.cronJobs.filter(({ metadata }) => !names.has(metadata.name)), signal);
  }

  /** @param resourceVersion for what takes pods away: only from the state that it was decided on, however late the call arrives */
  async #scale(deployment: Deployment, replicas: number, signal: AbortSignal, resourceVersion?: string): Promise<Put<KubeObject>> {
    const ref = refOf(deployment);
    const { metadata } = deployment;
    return attempt(`${replicas} replicas of Deployment ${metadata.name}`, async () => {
      const scale = await this.#client.patchScale(DEPLOYMENTS, ref, replicas, { uid: metadata.uid, resourceVersion }, signal);
      this.#caches.deployments.recordWrite({ ...deployment, metadata: { ...metadata, resourceVersion: scale.resourceVersion } });
      return {};
    });
  }

  /** Deletes versions nobody wants, and inspections that were overtaken. Finished ones stay an hour for their logs. */
  async #prune(round: Round, subject: Subject, children: Children, decision: Decision, signal: AbortSignal): Promise<void> {
    // By name: a hash label that somebody changed by hand must not cost the version its Deployment.
    const hashes = [...decision.versions.map((version: DesiredVersion) => shortHash(version.identity.hash)), decision.unrecorded];
    const wanted = new Set(hashes.flatMap((hash) => (hash === undefined ? [] : [childName(subject, hash)])));
    const isLeftOver = (object: KubeObject): boolean => !wanted.has(object.metadata.name) && !mayBeOfInspected(object, decision);
    await this.#remove(round, DEPLOYMENTS, this.#caches.deployments, children.deployments.filter(isLeftOver), signal);
    await this.#remove(round, DISRUPTION_BUDGETS, this.#caches.budgets, children.budgets.filter((budget) => isLeftOver(budget) || isBoundToOneNode(subject)), signal);
    const policies = new Set(networkPolicies(subject, this.#settings).map(({ metadata }) => metadata.name));
    await this.#remove(round, NETWORK_POLICIES, this.#caches.networkPolicies, children.networkPolicies.filter(({ metadata }) => !policies.has(metadata.name)), signal);
    await this.#remove(round, SERVICES, this.#caches.services, children.services.filter(({ metadata }) => metadata.name === childName(subject, CANDIDATE_SERVICE) && decision.besideStable === undefined), signal);
    const wantedNow = wantedJobs(subject, this.#settings, decision);
    const current = new Set(wantedNow.map(({ metadata }) => metadata.name));
    const replaced = new Set(wantedNow.map(({ metadata }) => metadata.labels?.[LABELS.component]));
    for (const job of children.jobs) {
      const finished = job.status?.conditions.some((condition) => (condition.type === 'Complete' || condition.type === 'Failed') && condition.status === 'True') === true;
      if (finished || current.has(job.metadata.name) || job.metadata.deletionTimestamp !== undefined) continue;
      if (!replaced.has(job.metadata.labels?.[LABELS.component]) && this.#isReported(job, children)) continue;
      await round.do(this.#delete(JOBS, this.#caches.jobs, job, signal));
    }
  }

  /**
   * Its pod has ended; the Job controller is about to say so. The kubelet reports the end of the container first, in phase Running,
   * and the phase when the pod is cleaned up.
   */
  #isReported(job: KubeObject, children: Children): boolean {
    return podsOfJob(children.pods, job.metadata.name).some(({ status }) => status.phase === 'Succeeded' || status.phase === 'Failed' || status.containerStatuses.some(({ state }) => state.terminated !== undefined));
  }

  /** Deletes what is not being deleted already; whether nothing stood against it. */
  async #remove<T extends KubeObject>(round: Round, kind: ResourceKind<T>, cache: KindCache<T>, objects: readonly T[], signal: AbortSignal): Promise<boolean> {
    let whole = true;
    for (const object of objects) if (object.metadata.deletionTimestamp === undefined) whole = (await round.do(this.#delete(kind, cache, object, signal))) !== undefined && whole;
    return whole;
  }

  async #delete<T extends KubeObject>(kind: ResourceKind<T>, cache: KindCache<T>, object: T, signal: AbortSignal): Promise<Put<T>> {
    const { uid, resourceVersion, name } = object.metadata;
    return attempt(`that ${kind.kind} ${name} is deleted`, async () => {
      await this.#client.delete(kind, refOf(object), { uid, resourceVersion, propagation: 'Background' }, signal);
      cache.recordDelete(object);
      return { object };
    });
  }
}

/**
 * Whether a child may have been made for the candidate that is still being inspected, as far as we see: the inspection had passed, the child was made,
 * and the operator was cut off before it wrote that down. Seen so, because the watch of the Job's pods is behind, it must not be taken for left over.
 */
function mayBeOfInspected({ metadata }: KubeObject, { state: { candidate } }: Decision): boolean {
  return candidate?.stage === 'Inspecting' && Date.parse(metadata.creationTimestamp ?? '') + 1000 > candidate.startedAtMs;
}

/** Jobs that should be running: an inspection, an evaluation. */
function wantedJobs(subject: Subject, settings: Settings, { inspection, evaluation, state }: Decision): readonly Desired[] {
  return [
    ...(inspection === undefined ? [] : [inspectJob(subject, settings, inspection, state.stable)]),
    ...(evaluation === undefined ? [] : [evaluateJob(subject, settings, candidateAddress(subject), evaluation)]),
  ];
}

/** First 8 digits of whom the Service should select. */
function selectedHash(decision: Decision): string | undefined {
  return decision.selected === undefined ? decision.unrecorded : shortHash(decision.selected);
}
