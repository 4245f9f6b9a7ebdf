import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrafficState } from '../../contracts/traffic.ts';
import { telcoCustomers, TELCO_PACKAGES } from '../../test/e2e/load/customers.ts';
import { VERSIONS } from '../../test/e2e/manifest.ts';
import { spreadOf } from './figures.ts';
import { GeneratorProcess } from './generator-process.ts';
import { serverImageCommand } from './image-command.ts';
import { spentBetween, threadTimes } from './processor-time.ts';
import { PINNED, Program, type Preference } from './program.ts';
import type { GeneratorReport } from './protocol.ts';
import { servedPackage } from './served-package.ts';
import { ServingProgram } from './serving-program.ts';
import { BASE, notAsMeant, orderOf, STATES, type Variant } from './variant.ts';

/** How much is measured. */
export type BenchPlan = Readonly<{
  rounds: number;
  /** Of one variant in one round, without its warm-up. */
  sliceMs: number;
  warmUpMs: number;
  /** Share of its core that stable is busy without a rollout: utilisation, as queueing has it. */
  loadPercent: number;
  saturateMs: number;
  /** Share of the candidate's answers that may be errors. */
  mostErrors: number;
}>;

/** One variant in one round. Processor times are those of the process that callers call, over all calls of the slice. */
export type Slice = Readonly<{
  round: number;
  variant: Variant;
  report: GeneratorReport;
  usedUsPerCall: number;
  waitedUsPerCall: number;
  /** Share of a core. */
  coreShare: number;
  traffic: TrafficState | undefined;
  /** Why it measures something else than it should. */
  problem: string | undefined;
}>;

/** What a run found, and how it was made. */
export type BenchResult = Readonly<{ plan: BenchPlan; seed: number; saturatedPerSecond: number; ratePerSecond: number; pinned: boolean; preferred: Preference; slices: readonly Slice[] }>;

/** Stable asks many pods' worth of callers: no call waits for a connection. */
const CONNECTIONS = 64;
const SATURATING_CONNECTIONS = 32;
const SATURATIONS = 3;
/** Tries for the rate of a load. */
const APPROACHES = 4;
/** A copy is given up after 2 s. */
const SETTLING_MS = 2500;
const SETTLING_LOOKS = 50;

/** Runs all variants side by side. Everything is started before the first slice and runs to the end. */
export async function runBench(plan: BenchPlan, progress: (text: string) => void, signal: AbortSignal): Promise<BenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'churnops-bench-'));
  const running: { stop: () => Promise<void> | void }[] = [];
  try {
    const [stable, candidate] = await Promise.all([startServer(join(folder, 'stable'), 0, VERSIONS.decent, signal), startServer(join(folder, 'candidate'), 1, VERSIONS.better, signal)].map(async (starting) => {
      const server = await starting;
      running.push(server.program);
      return server;
    }));
    if (stable === undefined || candidate === undefined) throw new Error('two servers were started');
    const echo = await Program.start({ core: 0, args: [join(import.meta.dirname, 'echo-server.ts')], env: {}, signal });
    running.push(echo);
    const customers = await telcoCustomers((await servedPackage(join(TELCO_PACKAGES, VERSIONS.decent))).card);
    const generator = await GeneratorProcess.start(customers.map(({ instance }) => JSON.stringify({ instances: [instance] })), signal);
    running.push(generator);
    return await measure({ stable, candidate, echo, generator }, plan, progress);
  } finally {
    await Promise.all(running.map(async (each) => each.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

async function startServer(folder: string, core: 0 | 1, version: string, signal: AbortSignal): Promise<ServingProgram> {
  await mkdir(folder, { recursive: true });
  return ServingProgram.start({ core, served: await servedPackage(join(TELCO_PACKAGES, version)), folder, image: await serverImageCommand(), signal });
}

type Stage = Readonly<{ stable: ServingProgram; candidate: ServingProgram; echo: Program; generator: GeneratorProcess }>;

async function measure(stage: Stage, plan: BenchPlan, progress: (text: string) => void): Promise<BenchResult> {
  const saturatedPerSecond = await saturation(stage, plan);
  const seed = Math.floor(Date.now() / 1000);
  const ratePerSecond = await rateAtLoad(stage, plan, saturatedPerSecond, seed);
  progress(`${Math.round(saturatedPerSecond)} calls a second at most; at ${ratePerSecond} stable is busy ${plan.loadPercent} % of the time`);
  const slices: Slice[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    // All variants of a round are called at the same instants.
    for (const variant of orderOf(round)) slices.push(await measureSlice(stage, { plan, ratePerSecond, round, seed: seed + round }, variant));
    progress(`round ${round + 1} of ${plan.rounds}`);
  }
  return { plan, seed, saturatedPerSecond, ratePerSecond, pinned: PINNED, preferred: stage.generator.preferred, slices };
}

/** Calls a second of stable without a rollout when callers call again at once: the median of a few tries, after one that warms up. */
async function saturation({ stable, candidate, generator }: Stage, { saturateMs: durationMs }: BenchPlan): Promise<number> {
  await stable.follow(STATES[BASE], candidate.target);
  const rates: number[] = [];
  for (let turn = 0; turn <= SATURATIONS; turn += 1) {
    const { calls, tookMs, failed, firstFailure } = await generator.run({ command: 'Saturate', url: stable.predictUrl, connections: SATURATING_CONNECTIONS, durationMs });
    if (failed > 0) throw new Error(`${failed} calls failed while looking for the most there can be: ${firstFailure}`);
    if (turn > 0) rates.push((calls * 1000) / tookMs);
  }
  return spreadOf(rates).median;
}

/**
 * Calls a second at which stable without a rollout uses that share of its core. It is looked for: a call of many that wait together costs a third of one
 * that comes alone, so that at a fifth of the most calls the core is half busy.
 */
async function rateAtLoad(stage: Stage, plan: BenchPlan, saturatedPerSecond: number, seed: number): Promise<number> {
  let ratePerSecond = Math.max(1, Math.round((saturatedPerSecond * plan.loadPercent) / 100));
  for (let approach = 0; approach < APPROACHES; approach += 1) {
    const { coreShare } = await measureSlice(stage, { plan, ratePerSecond, round: 0, seed }, BASE);
    ratePerSecond = Math.max(1, Math.round((ratePerSecond * plan.loadPercent) / 100 / coreShare));
  }
  return ratePerSecond;
}

async function measureSlice({ stable, candidate, echo, generator }: Stage, { plan, ratePerSecond, round, seed }: Readonly<{ plan: BenchPlan; ratePerSecond: number; round: number; seed: number }>, variant: Variant): Promise<Slice> {
  if (variant !== 'Echo') await stable.follow(STATES[variant], candidate.target);
  const { pid } = variant === 'Echo' ? echo : stable.program;
  const url = variant === 'Echo' ? `${echo.url}/` : stable.predictUrl;
  const count = (ms: number): number => Math.max(1, Math.round((ms * ratePerSecond) / 1000));
  const before = await threadTimes(pid);
  const report = await generator.run({ command: 'Pace', url, connections: CONNECTIONS, warmUpCalls: count(plan.warmUpMs), calls: count(plan.sliceMs), ratePerSecond, seed });
  const { usedMs, waitedMs } = spentBetween(before, await threadTimes(pid));
  const { traffic, problem } = await settled(stable, variant, report.sent, plan.mostErrors);
  return {
    round,
    variant,
    report,
    usedUsPerCall: (usedMs * 1000) / report.sent,
    waitedUsPerCall: (waitedMs * 1000) / report.sent,
    coreShare: usedMs / report.tookMs,
    traffic,
    problem,
  };
}

/** What the server tells of a slice, once the last copies have their answers: callers do not wait for these. */
async function settled(stable: ServingProgram, variant: Variant, calls: number, mostErrors: number): Promise<Pick<Slice, 'traffic' | 'problem'>> {
  if (variant === 'Echo') return { traffic: undefined, problem: undefined };
  for (let look = 0; ; look += 1) {
    const traffic = await stable.traffic();
    const problem = notAsMeant(variant, calls, traffic, mostErrors);
    if (problem === undefined || look === SETTLING_LOOKS) return { traffic, problem };
    await new Promise((resolve) => setTimeout(resolve, SETTLING_MS / SETTLING_LOOKS));
  }
}
