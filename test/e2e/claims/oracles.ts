import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calibrationOf } from '../../../statistics/calibration.ts';
import { aucInterval, oneLook } from '../../../statistics/interval.ts';
import { evaluatePairs } from '../../../statistics/evaluation.ts';
import { ASAH_CURVES, ASAH_PAIRS, TINY, TINY_CALIBRATION, TINY_CURVES, TINY_PAIR, type PublishedCurve, type PublishedPair } from '../../oracles/proc.ts';
import { compareWithReference, type Compared } from '../../oracles/reference.ts';
import type { Check } from '../claim.ts';
import type { ClaimBasics, RunnableClaim } from '../context.ts';
import { RandomStream } from '../random-stream.ts';
import { GATE } from './gate-error/scenario.ts';
import { evaluateMany, writeMany } from './oracles/many-pairs.ts';
import { deviation, pairMeasures, runProc, writeRows, type Deviation, type ProcRows } from './oracles/proc.ts';
import { referencesOf, writeColumns } from './oracles/python.ts';
import { drawSample, KINDS, type SampleKind } from './oracles/samples.ts';

const PROC_LIMIT = 1e-9;
/** The trainer's DeLong subtracts variances, which costs digits where versions are alike. */
const LIMITS = { AUC: 1e-9, calibration: 1e-12, agreement: 1e-12 } as const;
const MANY = { full: 1_000_000, short: 50_000 } as const;
/** Of the whole process, resident, with Node.js and the compiler of its sources. */
const MEMORY_LIMIT_BYTES = 256 * 2 ** 20;
const THRESHOLDS = { stable: 0.42, candidate: 0.4 };
const RULE = { ...GATE, mode: 'Anytime' } as const;

/** Our numbers are those of the programs that statisticians and data scientists use. Needs no cluster; in full it installs R. */
export const oracles: RunnableClaim = {
  name: 'oracles',
  title: 'AUC, DeLong variance and paired test are pROC\'s to 1e-9, calibration and agreement scikit-learn\'s to 1e-12, also of a million pairs in bounded memory.',
  needs: 'processor',
  run: async (basics) => {
    const folder = await mkdtemp(join(tmpdir(), 'churnops-oracles-'));
    try {
      return await compareAll(basics, folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function compareAll(basics: ClaimBasics, folder: string) {
  const { form, progress, signal } = basics;
  // New samples at every run; the seed is told, so that a failure can be repeated.
  const seed = Math.floor(Date.now() / 1000);
  const checks: Check[] = [published(basics, 'the tiny set', tinyDeviations())];
  const evidence = [`Seed of the samples: ${seed}.`];
  if (form === 'full') {
    progress('pROC, on its own data and on ours');
    const { version, checks: found } = await withProc(basics, join(folder, 'proc'), seed);
    checks.push(...found);
    evidence.push(`pROC ${version} was run beside; aSAH are its own rows, which this repository does not hold.`);
  }
  progress(`drawing ${KINDS.length} samples, and ${MANY[form]} pairs`);
  const many = join(folder, 'many');
  await writeMany(many, MANY[form], new RandomStream(seed, KINDS.length), signal);
  const samples = await Promise.all(KINDS.map(async (kind, index) => writeSample(join(folder, String(index)), kind, new RandomStream(seed, index))));
  progress('scikit-learn and scipy measure them');
  const references = await referencesOf([...samples.map((sample) => sample.folder), many], THRESHOLDS, signal);
  const rows: string[] = [];
  let worst = 0;
  for (const [index, { kind, pairs }] of samples.entries()) {
    const reference = references[index];
    if (reference === undefined) throw new Error(`no reference for ${kind.name}`);
    const compared = compareWithReference(evaluatePairs(pairs, RULE, THRESHOLDS), reference);
    const errors = largest(compared);
    worst = Math.max(worst, ...errors.map(({ error }) => error));
    rows.push(`| ${kind.name} | ${kind.rows} | ${compared.length} | ${errors.map(({ error }) => error.toExponential(1)).join(' | ')} |`);
    checks.push(basics.check(`scikit-learn: ${kind.name}`, errors.every(({ group, error }) => error <= LIMITS[group]), `${compared.length} measures, ${errors.map(({ group, name, error }) => `${group} within ${error.toExponential(1)} (${name})`).join(', ')}`));
  }
  const reference = references.at(-1);
  if (reference === undefined) throw new Error('no reference for the stream');
  progress(`${MANY[form]} pairs from a stream`);
  const streamed = await evaluateMany(many, reference, THRESHOLDS, signal);
  const time = `read in ${seconds(streamed.readMs)}, evaluated in ${seconds(streamed.evaluateMs)}`;
  const memory = `${mebibytes(streamed.peakBytes)} resident at most (${mebibytes(streamed.startBytes)} before the first pair)`;
  checks.push(
    basics.check(`${streamed.rows} pairs: every measure is scikit-learn's`, streamed.rows === MANY[form] && streamed.worst.error !== null && streamed.worst.error <= LIMITS.calibration, `${streamed.compared} measures within ${streamed.worst.error?.toExponential(1) ?? 'infinity'} (${streamed.worst.name})`),
    basics.check(`${streamed.rows} pairs: memory is bounded`, streamed.peakBytes <= MEMORY_LIMIT_BYTES, `${memory}, of ${mebibytes(MEMORY_LIMIT_BYTES)}; ${time}`),
  );
  evidence.push('', `| sample | customers | measures | ${GROUPS.join(' within | ')} within |`, `| --- | --- | --- |${' --- |'.repeat(GROUPS.length)}`, ...rows);
  const figure = `scikit-learn within ${Math.max(worst, streamed.worst.error ?? Number.POSITIVE_INFINITY).toExponential(1)}${form === 'full' ? ', pROC within 1e-9' : ''}; ${streamed.rows} pairs ${time}, ${memory}`;
  return { checks, figure, evidence: evidence.join('\n') };
}

const GROUPS = ['AUC', 'calibration', 'agreement'] as const;

/** The largest error of each group. */
function largest(compared: readonly Compared[]): readonly Compared[] {
  return GROUPS.flatMap((group) => compared.filter((each) => each.group === group).toSorted((a, b) => b.error - a.error).slice(0, 1));
}

async function writeSample(folder: string, kind: SampleKind, random: RandomStream) {
  const pairs = drawSample(kind, random);
  await writeColumns(folder, pairs);
  return { folder, kind, pairs };
}

/** pROC as installed: the published values on its own rows, and its answers on ours. */
async function withProc(basics: ClaimBasics, folder: string, seed: number): Promise<Readonly<{ version: string; checks: readonly Check[] }>> {
  await mkdir(folder);
  await writeRows(folder, 'tiny', { positive: TINY.positive, first: TINY.a, second: TINY.b });
  for (const [index, kind] of KINDS.entries()) {
    const pairs = drawSample({ ...kind, rows: Math.min(kind.rows, 1000) }, new RandomStream(seed + 1, index));
    await writeRows(folder, kind.name.replaceAll(' ', '-'), { positive: [...pairs.positive], first: [...pairs.candidate], second: [...pairs.stable] });
  }
  const { version, measures, rows } = await runProc(folder, basics.signal);
  const asah = ASAH_PAIRS.flatMap((pair) => {
    const name = `aSAH-${pair.first}-${pair.second}`;
    const found = rows.get(name);
    return found === undefined ? [deviation(name, 'rows', undefined, 113)] : pairDeviations(name, found, pair, ASAH_CURVES);
  });
  const beside = [...measures].flatMap(([name, theirs]) => {
    const found = rows.get(name);
    const ours = found === undefined ? {} : pairMeasures(found.first, found.second, found.positive);
    return [...theirs].map(([measure, value]) => deviation(name, measure, ours[measure], value, 1e-6));
  });
  return { version, checks: [published(basics, 'aSAH', asah), published(basics, `${measures.size} samples, pROC ${version} run beside`, beside)] };
}

function tinyDeviations(): readonly Deviation[] {
  const pair = pairDeviations('tiny', { positive: TINY.positive, first: TINY.a, second: TINY.b }, TINY_PAIR, TINY_CURVES);
  const calibration = calibrationOf({ positive: Uint8Array.from(TINY.positive), scores: Float64Array.from(TINY.a) });
  const { brier, logLoss, expectedCalibrationError } = TINY_CALIBRATION;
  return [
    ...pair,
    deviation('tiny', 'Brier score', calibration?.brier, brier),
    deviation('tiny', 'log loss', calibration?.logLoss, logLoss),
    deviation('tiny', 'expected calibration error', calibration?.expectedCalibrationError, expectedCalibrationError),
  ];
}

/** Ours against what is published of a pair and of both of its curves. */
function pairDeviations(name: string, rows: ProcRows, pair: PublishedPair, curves: Readonly<Record<string, PublishedCurve>>): readonly Deviation[] {
  const found = pairMeasures(rows.first, rows.second, rows.positive);
  const positives = rows.positive.filter((label) => label === 1).length;
  const counts = { rows: rows.positive.length, positives, negatives: rows.positive.length - positives };
  const curve = (which: 'First' | 'Second', of: string): readonly Deviation[] => {
    const theirs = curves[of];
    const value = found[`auc${which}`] ?? Number.NaN;
    const variance = found[`variance${which}`] ?? Number.NaN;
    const { lower, upper } = aucInterval({ value, variance }, counts, oneLook(0.975));
    return [
      deviation(name, `${of}: AUC`, value, theirs?.auc ?? Number.NaN),
      deviation(name, `${of}: variance`, variance, theirs?.variance ?? Number.NaN),
      deviation(name, `${of}: lower, logit`, lower, theirs?.logitInterval[0] ?? Number.NaN),
      deviation(name, `${of}: upper, logit`, upper, theirs?.logitInterval[1] ?? Number.NaN),
    ];
  };
  return [
    ...curve('First', pair.first),
    ...curve('Second', pair.second),
    deviation(name, 'covariance', found.covariance, pair.covariance, 1e-6),
    deviation(name, 'z', found.z, pair.z),
    deviation(name, 'p', found.p, pair.p),
    deviation(name, 'difference, lower', found.lower, pair.differenceInterval[0]),
    deviation(name, 'difference, upper', found.upper, pair.differenceInterval[1]),
  ];
}

function published({ check }: ClaimBasics, name: string, deviations: readonly Deviation[]): Check {
  const [worst] = deviations.toSorted((a, b) => b.error - a.error);
  const passed = worst !== undefined && deviations.every(({ error }) => error <= PROC_LIMIT);
  return check(`pROC: ${name}`, passed, worst === undefined ? 'nothing to compare' : `${deviations.length} measures within ${worst.error.toExponential(1)} (${worst.sample}, ${worst.measure}: ${worst.ours}, ${worst.theirs})`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
