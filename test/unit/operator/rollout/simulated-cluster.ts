import { currentTry } from '../../../../operator/observation/observe.ts';
import type { TrafficPolicy } from '../../../../contracts/traffic.ts';
import { decide } from '../../../../operator/rollout/decide.ts';
import type { Decision } from '../../../../operator/rollout/decision.ts';
import type { Facts, InspectionJob, VersionPods, WantedGate } from '../../../../operator/rollout/facts.ts';
import { DRAIN_MS } from '../../../../operator/rollout/previous.ts';
import type { RolloutState, VersionIdentity } from '../../../../operator/rollout/state.ts';
import { identity, MINUTE_MS, NO_PODS, NOW_MS, TRAFFIC, wanted, wantedLatest } from './builders.ts';
import { evaluationJob, evaluationName, isToldAsWanted, policiesOn, type EvaluationEnd } from './simulated-beside.ts';
import { autoscaledSize, autoscalerFacts, brokenByAutoscaler, podsAt, resize, type SimulatedDeployment } from './simulated-pods.ts';
import { plannedWrites, type LiveCluster } from './simulated-plan.ts';
import { Broken, brokenBy, type ClusterNow, type Write } from './simulated-invariants.ts';
import { SimulatedStatus, type LostPart } from './simulated-status.ts';
import { inspectionJob, jobName, newestOf, newTry, type PackageBehaviour, type PodBehaviour, type SimulatedJob } from './simulated-packages.ts';

/** How often `latest` is resolved. */
export const POLL_MS = 6 * MINUTE_MS;

/**
 * A small model of a cluster: Deployments whose pods become ready late or never, Jobs, one Service, one autoscaler, one status.
 * {@link reconcile} does what the controller does, in the order of `operator/children.ts`, and may be cut off after any write.
 */
export class SimulatedCluster {
  nowMs = NOW_MS;
  version: string;
  replicas = 2;
  /** What is in the repository, for `latest`. */
  published: readonly string[] = ['a'];
  storeDead = false;
  overtakes = false;
  /** What candidates must prove; undefined: nothing. */
  gate: WantedGate | undefined;
  /** Of stable's requests, in Shadow. */
  mirrorPercent = 100;
  /** How looks of the gate end. */
  evaluations: EvaluationEnd = 'Inconclusive';
  autoscaling: Facts['wanted']['autoscaling'];
  /** Pods that the load of whoever serves asks for; undefined: no figures. */
  load: number | undefined;
  readonly log: string[] = [];
  readonly #packages: Readonly<Record<string, PackageBehaviour>>;
  readonly #deployments = new Map<string, SimulatedDeployment>();
  readonly #jobs = new Map<string, SimulatedJob>();
  readonly #evaluations = new Map<string, number>();
  readonly #budgets = new Set<string>();
  #found: string | undefined;
  #newestPolicy: TrafficPolicy | undefined;
  readonly #leftAtMs = new Map<string, number>();
  #autoscaler: Readonly<{ hash: string; min: number; max: number }> | undefined;
  #selected: string | undefined;
  /** When the Service moved last, and what it found there. */
  #arrived = { atMs: 0, size: 0 };
  readonly #status = new SimulatedStatus();

  constructor(packages: Readonly<Record<string, PackageBehaviour>>, version: string) {
    this.#packages = packages;
    this.version = version;
  }

  get state(): RolloutState { return this.#status.state; }
  get newest(): string | undefined { return newestOf(this.published); }
  get selected(): string | undefined { return this.#selected; }

  /** The autoscaler sizes stable, free within its bounds; without pods that serve, or by number, there is none. Every version has its budget. */
  get isAutoscaledAsWanted(): boolean {
    const { stable } = this.state;
    const bounds = this.autoscaling === undefined || stable === undefined ? undefined : { hash: stable.hash, min: this.replicas, max: this.autoscaling.maxReplicas };
    const budgeted = this.#budgets.size === this.#deployments.size && [...this.#deployments.keys()].every((hash) => this.#budgets.has(hash));
    return budgeted && JSON.stringify(this.#autoscaler) === JSON.stringify(bounds);
  }

  identityOf(version: string): VersionIdentity {
    const { digest, hash } = identity(this.#packages[version]?.sameAs ?? version);
    return identity(version, { digest, hash });
  }

  /** A pod of the version dies and is born again. */
  killPod(version: string): void {
    const deployment = this.#deployments.get(this.identityOf(version).hash);
    if (deployment === undefined || deployment.podsBornMs.length === 0) return;
    deployment.podsBornMs = [...deployment.podsBornMs.slice(1), this.nowMs];
    deployment.policies = [...deployment.policies.slice(1), undefined];
    this.log.push(`${this.#time()} a pod of ${version} dies`);
  }

  /** A hand scales what serves to zero. */
  scaleToZero(): void {
    const deployment = this.#selected === undefined ? undefined : this.#deployments.get(this.#selected);
    if (deployment === undefined) return;
    resize(deployment, 0, this.nowMs);
    this.#arrived = { ...this.#arrived, size: 0 }; // what callers found is gone by that hand
    this.log.push(`${this.#time()} a hand scales what serves to zero`);
  }

  /** What the autoscaler of Kubernetes does when it looks: it needs figures to move within its bounds, none to return to them. */
  autoscale(): void {
    const { load } = this;
    const live = this.#autoscaler;
    const deployment = live === undefined ? undefined : this.#deployments.get(live.hash);
    if (live === undefined || deployment === undefined || deployment.replicas === 0) return;
    const from = deployment.replicas;
    const isCalled = live.hash === this.#selected;
    const sinceMs = this.nowMs - this.#arrived.atMs;
    const to = autoscaledSize({ load, from, live, isCalled, sinceMs });
    if (to === from) return;
    this.log.push(`${this.#time()} the autoscaler makes ${live.hash.slice(0, 8)} ${to} of ${from}`);
    const broken = brokenByAutoscaler({ to, floor: Math.min(from, live.max, this.autoscaling?.maxReplicas ?? live.max), isCalled, sinceMs, found: this.#arrived.size });
    if (broken !== undefined) this.#broken(broken.invariant, broken.what);
    this.#arrived = { ...this.#arrived, size: Math.min(this.#arrived.size, to) }; // smaller bounds end what was pinned
    resize(deployment, to, this.nowMs);
  }

  /** Someone, or a restored backup, empties the status, or prunes a part of it. */
  loseStatus(part: LostPart = 'All'): void {
    this.#status.lose(part);
    this.log.push(`${this.#time()} of the status is lost: ${part}`);
  }

  /** Somebody (a test, the next version of the operator) gives the candidate beside stable a weight; 0: back to Shadow. */
  giveWeight(weight: number): void {
    const { state } = this;
    if (state.candidate?.stage !== 'Deployed') return;
    const exposure = weight === 0 ? { mode: 'Shadow' as const } : { mode: 'Canary' as const, weight, step: 1, stepStartedAtMs: this.nowMs };
    this.#status.write({ ...state, candidate: { ...state.candidate, exposure } });
    this.log.push(`${this.#time()} somebody gives the candidate ${weight} % of callers`);
  }

  /** Whether every pod of stable, and no other, bears the newest policy, or none does where there is none. */
  get isToldAsWanted(): boolean {
    return isToldAsWanted(this.state, { gate: this.gate, found: this.#found, deployments: this.#deployments });
  }

  /** Someone deletes the inspect Jobs. */
  loseJobs(): void {
    this.#jobs.clear();
    this.#evaluations.clear();
    this.log.push(`${this.#time()} Jobs are lost`);
  }

  /**
   * Observes, decides and writes; stops after `cutOffAfter` writes. Gives the writes and when to look again.
   * @param autoscaledAfter writes after which the autoscaler looks, too
   */
  reconcile(cutOffAfter = Number.POSITIVE_INFINITY, autoscaledAfter?: number): Readonly<{ writes: readonly Write[]; recheckMs: number | undefined; decision: Decision }> {
    const facts = this.facts();
    const decision = decide(facts);
    const demand = this.#demand();
    const writes: Write[] = [];
    for (const write of plannedWrites(decision, this.#live())) {
      if (writes.length >= cutOffAfter) {
        this.log.push(`${this.#time()} the operator is cut off`);
        this.nowMs += 1; // the next one begins later
        break;
      }
      this.#check(write, facts, decision, demand);
      this.#carryOut(write, decision);
      writes.push(write);
      this.log.push(`${this.#time()} ${JSON.stringify(write)}`);
      if (writes.length === autoscaledAfter) this.autoscale();
    }
    return { writes, recheckMs: decision.recheckMs, decision };
  }

  facts(): Facts {
    const { state, replicas, autoscaling, gate } = this;
    const common = { replicas, autoscaling, gate, traffic: { ...TRAFFIC, mirrorPercent: this.mirrorPercent } };
    const want = this.version === 'latest' ? wantedLatest({ ...common, poll: { intervalMs: POLL_MS, offsetMs: MINUTE_MS, whileUnderWay: this.overtakes } }) : wanted(this.version, common);
    const current = currentTry(want, state);
    const inspectionJob: InspectionJob = current === undefined ? { state: 'Absent' } : this.#jobFacts(jobName(current.key, current.attempt, current.startedAtMs));
    return { nowMs: this.nowMs, wanted: want, state, selected: this.#selected?.slice(0, 8), serving: this.#serving(), found: this.#found?.slice(0, 8), pods: (hash) => this.podFacts(hash), autoscaler: autoscalerFacts(this.#autoscaler?.hash), policyOnPods: policiesOn(this.#deployments).toSorted((a, b) => b.revision - a.revision)[0], inspectionJob, evaluationJob: evaluationJob(state, this.#evaluations, { end: this.storeDead ? 'Error' : this.evaluations, nowMs: this.nowMs }) };
  }

  /** @param hash whole, or its first 8 digits */
  podFacts(hash: string): VersionPods {
    const deployment = [...this.#deployments].find(([each]) => each.startsWith(hash))?.[1];
    return deployment === undefined ? NO_PODS : podsAt(this.nowMs, this.#behaviour(deployment), deployment);
  }

  /** What the Deployment that the Service selects says of itself. */
  #serving(): VersionIdentity | undefined {
    const served = this.#deployments.get(this.#selected ?? '')?.identity;
    return served && { ...served, requested: served.version };
  }

  /** What is there, as it is whenever it is asked. */
  #live(): LiveCluster {
    return {
      deployments: this.#deployments,
      budgets: this.#budgets,
      hasJob: (name) => this.#jobs.has(name) || this.#evaluations.has(name),
      autoscaler: () => this.#autoscaler,
      found: () => this.#found,
      selected: () => this.#selected,
      status: () => this.#status.text,
    };
  }

  #carryOut(write: Write, decision: Decision): void {
    switch (write.write) {
      case 'CreateJob': {
        const { inspection } = decision;
        if (inspection !== undefined) this.#jobs.set(jobName(inspection.key, inspection.attempt, inspection.startedAtMs), newTry({ published: this.published, dead: this.storeDead }, inspection, this.state.stable, this.nowMs));
        return;
      }
      case 'CreateDeployment': {
        const version = decision.versions.find((each) => each.identity.hash === write.hash);
        // The API server's default: an apply without replicas makes one.
        if (version !== undefined) this.#deployments.set(write.hash, { identity: version.identity, replicas: 1, podsBornMs: [this.nowMs], policies: [undefined] });
        return;
      }
      case 'Policy': {
        const { hash, pod, policy } = write;
        const deployment = this.#deployments.get(hash);
        if (deployment !== undefined) deployment.policies[pod] = policy;
        this.#newestPolicy = policy ?? this.#newestPolicy;
        return;
      }
      case 'ApplyCandidateService':
      case 'DeleteCandidateService':
        this.#found = write.write === 'ApplyCandidateService' ? write.hash : undefined;
        return;
      case 'CreateEvaluation':
        if (decision.evaluation !== undefined) this.#evaluations.set(evaluationName(decision.evaluation), this.nowMs);
        return;
      case 'DeleteDeployment':
        this.#deployments.delete(write.hash);
        return;
      case 'Scale': {
        const deployment = this.#deployments.get(write.hash);
        if (deployment !== undefined) resize(deployment, write.to, this.nowMs);
        return;
      }
      case 'Select':
        if (write.from !== undefined) this.#leftAtMs.set(write.from, this.nowMs);
        this.#selected = write.to;
        // Going back to stable is no arrival: its figures are its own.
        this.#arrived = { atMs: write.to === this.state.stable?.hash ? 0 : this.nowMs, size: write.to === undefined ? 0 : (this.#deployments.get(write.to)?.replicas ?? 0) };
        return;
      case 'CreateBudget':
        this.#budgets.add(write.hash);
        return;
      case 'DeleteBudget':
        this.#budgets.delete(write.hash);
        return;
      case 'ApplyAutoscaler':
      case 'DeleteAutoscaler':
        this.#autoscaler = write.write === 'ApplyAutoscaler' ? { hash: write.hash, min: write.min, max: write.max } : undefined;
        return;
      case 'Status':
        this.#status.write(decision.state);
    }
  }

  /** Pods that are needed now: by number, or what the autoscaler made of whoever serves. */
  #demand(): number {
    if (this.autoscaling === undefined) return this.replicas;
    return Math.min(Math.max(this.#deployments.get(this.#selected ?? '')?.replicas ?? 0, this.replicas), this.autoscaling.maxReplicas);
  }

  #broken(invariant: number, what: string, write?: Write): never {
    throw new Broken(`invariant ${invariant}: ${what}\n${JSON.stringify(write)}\n${this.log.join('\n')}`);
  }

  #check(write: Write, facts: Facts, decision: Decision, demand: number): void {
    const selected = this.#selected;
    const state: ClusterNow = {
      selected,
      demand,
      replicas: this.replicas,
      isAutoscaling: this.autoscaling !== undefined,
      autoscaled: this.#autoscaler?.hash,
      sizeFound: this.#arrived.size,
      size: (hash) => this.#deployments.get(hash)?.replicas,
      gated: this.gate !== undefined,
      ready: (hash) => this.podFacts(hash).ready,
      borne: policiesOn(this.#deployments),
      newestPolicy: this.#newestPolicy,
      found: this.#found,
      isDraining: (hash) => hash !== selected && this.nowMs - (this.#leftAtMs.get(hash) ?? 0) < DRAIN_MS,
    };
    const broken = brokenBy(write, state, facts, decision);
    if (broken !== undefined) this.#broken(broken.invariant, broken.what, write);
  }

  #jobFacts(name: string): InspectionJob {
    const job = this.#jobs.get(name);
    if (job === undefined) return { state: 'Absent' };
    return inspectionJob(job, this.#packages[job.version ?? '']?.inspection, (version) => this.identityOf(version), this.nowMs);
  }

  #behaviour({ identity: { version } }: SimulatedDeployment): PodBehaviour {
    return this.#packages[this.#packages[version]?.sameAs ?? version]?.pods ?? { start: 'Never' };
  }

  #time(): string {
    return `+${((this.nowMs - NOW_MS) / 1000).toFixed(1)}s`;
  }
}
