import { ChurnModelStatus } from '../../../../contracts/churn-model/status.ts';
import { currentTry } from '../../../../operator/observation/observe.ts';
import { rolloutStateOf } from '../../../../operator/observation/rollout-state.ts';
import { decide } from '../../../../operator/rollout/decide.ts';
import type { Decision } from '../../../../operator/rollout/decision.ts';
import type { Facts, InspectionJob, PodProblem, VersionPods } from '../../../../operator/rollout/facts.ts';
import { DRAIN_MS } from '../../../../operator/rollout/previous.ts';
import type { RolloutState, VersionIdentity } from '../../../../operator/rollout/state.ts';
import { rolloutRecord } from '../../../../operator/status/rollout-record.ts';
import { identity, keyOf, MINUTE_MS, NOW_MS, report, wanted, wantedLatest } from './builders.ts';

/** How often `latest` is resolved. */
export const POLL_MS = 6 * MINUTE_MS;

/** How a version's inspections end: the first `errors` tries without a verdict, then with one. */
export type InspectionBehaviour = Readonly<{ errors: number; errorKind: 'Error' | 'Broken'; verdict: 'Pass' | 'Fail'; tookMs: number }>;
/** How a version's pods start. */
export type PodBehaviour = Readonly<{ start: 'Ready'; afterMs: number } | { start: 'HeldUp'; untilMs: number; afterMs: number } | { start: 'Never' }>;
/** A package of the simulated store; two names may hold the same one. */
export type PackageBehaviour = Readonly<{ sameAs: string | undefined; inspection: InspectionBehaviour; pods: PodBehaviour }>;

type SimulatedDeployment = { identity: VersionIdentity; replicas: number; podsBornMs: number[] };
/** `version` is what `latest` was when the Job was made; undefined: the store did not answer, or had nothing. */
type SimulatedJob = { readonly version: string | undefined; readonly unchanged: boolean; readonly attempt: number; readonly bornMs: number };

/** A write, in words. */
export type Write = Readonly<
  | { write: 'CreateJob'; key: string; attempt: number }
  | { write: 'CreateDeployment' | 'DeleteDeployment'; hash: string }
  | { write: 'Scale'; hash: string; from: number; to: number }
  | { write: 'Select'; from: string | undefined; to: string | undefined }
  | { write: 'Status' }
>;

/** An invariant of DESIGN section 4 that did not hold. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

/**
 * A small model of a cluster: Deployments whose pods become ready late or never, Jobs, one Service, one status.
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
  readonly log: string[] = [];
  readonly #packages: Readonly<Record<string, PackageBehaviour>>;
  readonly #deployments = new Map<string, SimulatedDeployment>();
  readonly #jobs = new Map<string, SimulatedJob>();
  readonly #leftAtMs = new Map<string, number>();
  #selected: string | undefined;
  /** JSON, as the API server keeps it. */
  #status = '{}';

  constructor(packages: Readonly<Record<string, PackageBehaviour>>, version: string) {
    this.#packages = packages;
    this.version = version;
  }

  get state(): RolloutState {
    return rolloutStateOf(ChurnModelStatus.parse(JSON.parse(this.#status)));
  }

  get selected(): string | undefined {
    return this.#selected;
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
    this.log.push(`${this.#time()} a pod of ${version} dies`);
  }

  /** Someone, or a restored backup, empties the status. */
  loseStatus(): void {
    this.#status = '{}';
    this.log.push(`${this.#time()} the status is lost`);
  }

  /** Someone deletes the inspect Jobs. */
  loseJobs(): void {
    this.#jobs.clear();
    this.log.push(`${this.#time()} Jobs are lost`);
  }

  /** Observes, decides and writes; stops after `cutOffAfter` writes. Gives the writes and when to look again. */
  reconcile(cutOffAfter = Number.POSITIVE_INFINITY): Readonly<{ writes: readonly Write[]; recheckMs: number | undefined; decision: Decision }> {
    const facts = this.facts();
    const decision = decide(facts);
    const writes: Write[] = [];
    for (const write of this.#plan(decision)) {
      if (writes.length >= cutOffAfter) {
        this.log.push(`${this.#time()} the operator is cut off`);
        break;
      }
      this.#check(write, facts, decision);
      this.#carryOut(write, decision);
      writes.push(write);
      this.log.push(`${this.#time()} ${JSON.stringify(write)}`);
    }
    return { writes, recheckMs: decision.recheckMs, decision };
  }

  facts(): Facts {
    const { state, replicas } = this;
    const want = this.version === 'latest' ? wantedLatest({ replicas, poll: { intervalMs: POLL_MS, whileUnderWay: this.overtakes } }) : wanted(this.version, { replicas });
    const current = currentTry(want, state);
    const inspectionJob: InspectionJob = current === undefined ? { state: 'Absent' } : this.#jobFacts(jobName(current.key, current.attempt, current.startedAtMs));
    return { nowMs: this.nowMs, wanted: want, state, selected: this.#selected?.slice(0, 8), pods: (hash) => this.podFacts(hash), inspectionJob };
  }

  /** @param hash whole, or its first 8 digits */
  podFacts(hash: string): VersionPods {
    const deployment = [...this.#deployments].find(([each]) => each.startsWith(hash))?.[1];
    if (deployment === undefined) return { requested: undefined, ready: 0, readyUpToDate: 0, problem: undefined };
    const ready = deployment.podsBornMs.filter((bornMs) => this.#isReady(deployment, bornMs)).length;
    return { requested: deployment.replicas, ready, readyUpToDate: ready, problem: ready === deployment.podsBornMs.length ? undefined : this.#podProblem(deployment) };
  }

  /** The next thing to write, each time looking at what is there: what is as wanted already is not written. */
  *#plan(decision: Decision): Generator<Write> {
    const { inspection } = decision;
    if (inspection !== undefined && !this.#jobs.has(jobName(inspection.key, inspection.attempt, inspection.startedAtMs))) yield { write: 'CreateJob', key: inspection.key, attempt: inspection.attempt };
    const shrinking: Write[] = [];
    for (const { identity: { hash }, replicas } of decision.versions) {
      if (!this.#deployments.has(hash)) yield { write: 'CreateDeployment', hash };
      const from = this.#deployments.get(hash)?.replicas ?? 1;
      if (replicas > from) yield { write: 'Scale', hash, from, to: replicas };
      else if (replicas < from) shrinking.push({ write: 'Scale', hash, from, to: replicas });
    }
    const to = decision.selected ?? (decision.unrecorded === undefined ? undefined : this.#selected);
    if (to !== this.#selected) yield { write: 'Select', from: this.#selected, to };
    yield* shrinking;
    const keep = new Set<string>(decision.versions.map((version) => version.identity.hash));
    for (const hash of this.#deployments.keys()) if (!keep.has(hash) && hash.slice(0, 8) !== decision.unrecorded) yield { write: 'DeleteDeployment', hash };
    if (JSON.stringify(rolloutRecord(decision.state)) !== this.#status) yield { write: 'Status' };
  }

  #carryOut(write: Write, decision: Decision): void {
    switch (write.write) {
      case 'CreateJob': {
        const { inspection } = decision;
        if (inspection !== undefined) this.#jobs.set(jobName(inspection.key, inspection.attempt, inspection.startedAtMs), this.#newJob(inspection));
        return;
      }
      case 'CreateDeployment': {
        const version = decision.versions.find((each) => each.identity.hash === write.hash);
        // The API server's default: an apply without replicas makes one.
        if (version !== undefined) this.#deployments.set(write.hash, { identity: version.identity, replicas: 1, podsBornMs: [this.nowMs] });
        return;
      }
      case 'DeleteDeployment':
        this.#deployments.delete(write.hash);
        return;
      case 'Scale': {
        const deployment = this.#deployments.get(write.hash);
        if (deployment === undefined) return;
        deployment.replicas = write.to;
        deployment.podsBornMs = Array.from({ length: write.to }, (_, index) => deployment.podsBornMs[index] ?? this.nowMs);
        return;
      }
      case 'Select':
        if (write.from !== undefined) this.#leftAtMs.set(write.from, this.nowMs);
        this.#selected = write.to;
        return;
      case 'Status':
        this.#status = JSON.stringify(rolloutRecord(decision.state));
    }
  }

  /** What must hold at every single write (DESIGN section 4). */
  #check(write: Write, facts: Facts, decision: Decision): void {
    const broken = (invariant: number, what: string): never => {
      throw new Broken(`invariant ${invariant}: ${what}\n${JSON.stringify(write)}\n${this.log.join('\n')}`);
    };
    switch (write.write) {
      case 'Select':
        if (write.to === undefined) {
          if (write.from !== undefined && this.podFacts(write.from).ready > 0) broken(1, 'the Service leaves pods that answer for nobody');
        } else if (this.podFacts(write.to).ready === 0) broken(1, 'callers are sent to a side with no ready pod');
        else if (this.podFacts(write.to).ready < this.replicas && write.to !== facts.state.stable?.hash) broken(2, 'callers move before the other side is whole');
        return;
      case 'Scale':
        if (write.to > write.from) return;
        if (write.hash === this.#selected && write.to !== this.replicas) broken(2, 'the selected side is scaled down');
        if (write.hash === facts.state.previous?.hash && this.nowMs - (this.#leftAtMs.get(write.hash) ?? 0) < DRAIN_MS) broken(2, 'the side before is scaled down while it drains');
        return;
      case 'DeleteDeployment':
        if (write.hash === this.#selected) broken(7, 'the selected side is deleted');
        if (write.hash === decision.state.stable?.hash) broken(7, 'stable is deleted');
        return;
      case 'CreateJob':
        for (const entry of facts.state.rejected.filter(({ key }) => key === facts.wanted.inspectionKey)) {
          if (decision.inspection?.known.includes(entry.version) !== true) broken(10, 'a rejected version is inspected again');
        }
        return;
      case 'CreateDeployment':
        if (decision.versions.some(({ identity: { hash, version } }) => hash === write.hash && decision.state.rejected.some((entry) => entry.hash === hash && entry.version === version && entry.key === facts.wanted.inspectionKey))) broken(10, 'a rejected version is deployed again');
        return;
      case 'Status':
        // Progress is written down only after what it stands for is there (invariant 3).
        if (decision.state.stable !== undefined && decision.state.stable.hash !== this.#selected) broken(3, 'the status names a stable version that the Service does not select');
    }
  }

  #newJob({ requested, attempt, known }: NonNullable<Decision['inspection']>): SimulatedJob {
    const base = { attempt, bornMs: this.nowMs, unchanged: false };
    if (requested !== 'latest') return { ...base, version: this.storeDead ? undefined : requested };
    const newest = this.newest;
    if (this.storeDead || newest === undefined) return { ...base, version: undefined };
    const { stable } = this.state;
    return { ...base, version: newest, unchanged: known.includes(newest) || (stable !== undefined && newest < stable.version) };
  }

  get newest(): string | undefined {
    return this.published.toSorted().at(-1);
  }

  #jobFacts(name: string): InspectionJob {
    const job = this.#jobs.get(name);
    if (job === undefined) return { state: 'Absent' };
    const { version } = job;
    if (version === undefined) return { state: 'Finished', finishedAtMs: job.bornMs, report: report('a', { verdict: 'Error', reason: 'PackageError', code: 'StoreUnreachable', message: 'no answer', version: undefined }) };
    if (job.unchanged) return { state: 'Finished', finishedAtMs: job.bornMs, report: report(version, { verdict: 'Unchanged', reason: 'NothingNewer', message: 'as before' }) };
    const behaviour = this.#packages[version]?.inspection;
    if (behaviour === undefined || this.nowMs < job.bornMs + behaviour.tookMs) return { state: 'Running', problem: undefined };
    const finishedAtMs = job.bornMs + behaviour.tookMs;
    if (job.attempt <= behaviour.errors && behaviour.errorKind === 'Broken') return { state: 'Broken', message: 'OOMKilled', finishedAtMs };
    const { digest, hash } = this.identityOf(version);
    const base = { packageDigest: digest, candidateHash: hash };
    if (job.attempt <= behaviour.errors) return { state: 'Finished', finishedAtMs, report: report(version, { verdict: 'Error', reason: 'PackageError', code: 'StoreUnreachable', message: 'no answer' }) };
    if (behaviour.verdict === 'Fail') return { state: 'Finished', finishedAtMs, report: report(version, { ...base, verdict: 'Fail', reason: 'OfflineGateFailed', message: 'too weak' }) };
    return { state: 'Finished', finishedAtMs, report: report(version, base) };
  }

  #behaviour(deployment: SimulatedDeployment): PodBehaviour {
    const { version } = deployment.identity;
    return this.#packages[this.#packages[version]?.sameAs ?? version]?.pods ?? { start: 'Never' };
  }

  #isReady(deployment: SimulatedDeployment, bornMs: number): boolean {
    const pods = this.#behaviour(deployment);
    switch (pods.start) {
      case 'Never':
        return false;
      case 'Ready':
        return this.nowMs >= bornMs + pods.afterMs;
      case 'HeldUp':
        return this.nowMs >= Math.max(bornMs, NOW_MS + pods.untilMs) + pods.afterMs;
    }
  }

  #podProblem(deployment: SimulatedDeployment): PodProblem | undefined {
    const pods = this.#behaviour(deployment);
    if (pods.start === 'Never') return { code: 'GoldenMismatch', message: '3 rows differ', outside: false };
    if (pods.start === 'HeldUp' && this.nowMs < NOW_MS + pods.untilMs) return { code: 'StoreUnreachable', message: 'no answer', outside: true };
    return undefined;
  }

  #time(): string {
    return `+${((this.nowMs - NOW_MS) / 1000).toFixed(1)}s`;
  }
}

function jobName(key: string, attempt: number, startedAtMs: number): string {
  return `${key}/${attempt}/${startedAtMs}`;
}

/** Whether what is wanted has come about, as far as it can: it serves, or it was rejected, or (first version) its pods never become ready. */
export function isSettled(cluster: SimulatedCluster, packages: Readonly<Record<string, PackageBehaviour>>): boolean {
  const { state } = cluster;
  const version = cluster.version === 'latest' ? (cluster.newest ?? '') : cluster.version;
  const isRejected = state.rejected.some((entry) => entry.key === keyOf(cluster.version) && entry.version === version);
  const { candidate } = state;
  if (candidate !== undefined) {
    if (state.stable !== undefined || candidate.stage !== 'Deployed') return false;
    const name = packages[candidate.identity.version]?.sameAs ?? candidate.identity.version;
    return packages[name]?.pods.start === 'Never' && (candidate.identity.version === version || isRejected);
  }
  if (isRejected) return true;
  // What is no longer there, and newer than all that is, serves on.
  if (cluster.version === 'latest' && state.stable !== undefined && state.stable.version > version) return true;
  return state.stable?.version === version && cluster.selected === cluster.identityOf(version).hash;
}
