import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { LabelRecord, PredictionRecord } from '../../../../contracts/journal.ts';
import { FeedbackDatabase, UnreadableJournal } from '../../../../server/evaluation/feedback-join/feedback-database.ts';
import type { JoinRules, PairedSample } from '../../../../server/evaluation/feedback-join/pairing.ts';
import { CASE_RULES, JOIN_CASES } from '../../../oracles/feedback-cases.ts';
import { joinFeedback } from '../../../oracles/feedback-join.ts';
import type { JoinableLabel, JoinablePrediction } from '../../../oracles/feedback-join.ts';
import { CANDIDATE, idAt, predictionOf, STABLE, worlds } from '../../../oracles/feedback-worlds.ts';
import { temporaryFolder } from '../tiny-package.ts';

function predictionLine({ id, entity, atMs, hash, stable, candidate, decision, arm }: JoinablePrediction): string {
  const record: PredictionRecord = {
    schemaVersion: 1, id, requestId: 'r', entity, at: new Date(atMs).toISOString(), version: 'v1', hash, probability: stable, decision: stable >= 0.5,
    candidate: candidate === undefined ? { missing: 'QueueFull' } : { version: 'v2', hash: candidate.hash, probability: candidate.probability, decision: true },
    answered: { role: 'stable', decision, ...(arm === undefined ? {} : { arm }) },
    features: { tenure: 3, '"id"': 'x' },
  };
  return JSON.stringify(PredictionRecord.parse(record));
}

function labelLine({ id, entity, positive, observedMs, receivedMs }: JoinableLabel): string {
  const about = { ...(id === undefined ? {} : { id }), ...(entity === undefined ? {} : { entity }) };
  return JSON.stringify(LabelRecord.parse({ schemaVersion: 1, ...about, label: positive, observedAt: new Date(observedMs).toISOString(), receivedAt: new Date(receivedMs).toISOString(), source: 'feedback' }));
}

let files = 0;
async function fileOf(folder: string, lines: readonly string[]): Promise<string> {
  const file = join(folder, `o'${(files += 1)}.ndjson.gz`);
  await writeFile(file, gzipSync(lines.map((line) => `${line}\n`).join('')));
  return file;
}

async function joined(predictions: readonly (readonly string[])[], labels: readonly (readonly string[])[], rules: JoinRules) {
  const folder = await temporaryFolder();
  const database = await FeedbackDatabase.open({ folder, memoryMiB: 128 });
  try {
    const unreadable = { predictions: 0, labels: 0 };
    unreadable.predictions = await database.load('prediction', await Promise.all(predictions.map(async (lines) => fileOf(folder, lines))));
    unreadable.labels = await database.load('label', await Promise.all(labels.map(async (lines) => fileOf(folder, lines))));
    const counts = await database.join(rules);
    const samples: PairedSample[] = [];
    for await (const page of database.samples(rules.candidateHash !== undefined)) samples.push(...page);
    return { samples, counts, unreadable };
  } finally {
    database.close();
  }
}

/** A name that only one case has: one database joins them all. */
function named(name: string, at: number): string {
  return `${String(at).padStart(2, '0')} ${name}`;
}

test('case by case it is what was worked out by hand', async () => {
  const predictions = JOIN_CASES.flatMap((each, at) => each.predictions.map((prediction) => ({ ...prediction, id: named(prediction.id, at), entity: prediction.entity === null ? null : named(prediction.entity, at) })));
  const labels = JOIN_CASES.flatMap((each, at) => each.labels.map((label) => ({ ...label, ...(label.id === undefined ? {} : { id: named(label.id, at) }), ...(label.entity === undefined ? {} : { entity: named(label.entity, at) }) })));
  const { samples } = await joined([predictions.map(predictionLine)], [labels.map(labelLine)], CASE_RULES);
  expect(samples.map(({ predictionId, positive, knownBy }) => [predictionId, positive, knownBy])).toEqual(JOIN_CASES.flatMap(({ expected }, at) => expected.map(([id, ...found]) => [named(id, at), ...found])));
});

test('what is condensed of it joins alike, to the last bit', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, fc.nat(12), async ({ predictions, labels, rules }, cut) => {
      const folder = await temporaryFolder();
      const [whole, condensed] = [await FeedbackDatabase.open({ folder, memoryMiB: 128 }), await FeedbackDatabase.open({ folder: await temporaryFolder(), memoryMiB: 128 })];
      try {
        for (const [kind, lines] of [['prediction', predictions.map(predictionLine)], ['label', labels.map(labelLine)]] as const) {
          const parts: string[] = [];
          for (const part of [lines.slice(0, cut), lines.slice(cut)]) {
            const from = await whole.lines(kind);
            await whole.load(kind, [await fileOf(folder, part)]);
            parts.push(join(folder, `o'${kind}-${parts.length}.gz`));
            await whole.condense(kind, from, parts.at(-1) ?? '');
          }
          expect(await condensed.load(kind, parts)).toBe(0);
          expect(await condensed.lines(kind)).toBe(lines.length);
        }
        expect(await condensed.join(rules)).toEqual(await whole.join(rules));
        const samples: PairedSample[] = [];
        for await (const page of condensed.samples(rules.candidateHash !== undefined)) samples.push(...page);
        expect(samples).toEqual(joinFeedback(predictions, labels, rules).samples);
      } finally {
        whole.close();
        condensed.close();
      }
    }),
    { numRuns: 6, seed: 20261121 },
  );
});

test('it is what the rules give in memory, however files are cut and whatever comes twice', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, fc.nat(12), async ({ predictions, labels, rules }, cut) => {
      const [lines, labelLines] = [predictions.map(predictionLine), labels.map(labelLine)];
      const { samples, counts } = await joined([lines.slice(0, cut), lines], [labelLines, labelLines.slice(cut)], rules);
      expect({ samples, counts }).toEqual(joinFeedback(predictions, labels, rules));
    }),
    { numRuns: 20, seed: 20261121 },
  );
});

test('the same where everything is a tie: one customer, few instants, all of it matured', async () => {
  await fc.assert(
    fc.asyncProperty(worlds, fc.nat(12), async (world, cut) => {
      const predictions = world.predictions.map((prediction) => ({ ...prediction, entity: 'ada', hash: STABLE, candidate: { hash: CANDIDATE, probability: prediction.stable }, atMs: Math.floor(prediction.atMs / 50) * 50 }));
      const labels = world.labels.map((label) => ({ ...label, observedMs: Math.floor(label.observedMs / 50) * 50, receivedMs: Math.floor(label.receivedMs / 50) * 50 }));
      const rules: JoinRules = { candidateHash: CANDIDATE, stableHash: STABLE, fromMs: 0, nowMs: 1_795_000_001_000, horizonMs: 100, population: 'All' };
      const [lines, labelLines] = [predictions.map(predictionLine), labels.map(labelLine)];
      const { samples, counts } = await joined([lines.slice(cut), lines.slice(0, cut)], [labelLines], rules);
      expect({ samples, counts }).toEqual(joinFeedback(predictions, labels, rules));
    }),
    { numRuns: 25, seed: 20261121 },
  );
});

const rules: JoinRules = { candidateHash: CANDIDATE, stableHash: undefined, fromMs: 0, nowMs: 4e12, horizonMs: 1000, population: 'All' };

test('lines that are no records are counted, and keep no others away', async () => {
  const good = predictionLine(predictionOf({ id: idAt(1, 1) }));
  const broken = ['', '{"schemaVersion":1,"id":"x"', 'null', '[]', '{}', good.replace('"schemaVersion":1', '"schemaVersion":2'), good.replace('"probability":0.4', '"probability":1.4'), good.replace('"at":"', '"at":"x'), good.replace(/"hash":"a+"/, '"hash":null')];
  const label = labelLine({ id: idAt(1, 1), positive: true, observedMs: 5, receivedMs: 6 });
  const { samples, unreadable } = await joined([[...broken, good]], [[label, label.replace('true', '"maybe"'), label.replace('observedAt', 'observed')]], rules);
  expect(samples).toMatchObject([{ predictionId: idAt(1, 1), positive: true }]);
  // The empty line is no line.
  expect(unreadable).toEqual({ predictions: broken.length - 1, labels: 2 });
});

test.each([
  { name: 'is no gzip', content: Buffer.from('not gzip') },
  { name: 'is empty', content: Buffer.alloc(0) },
  { name: 'goes on as something else', content: Buffer.concat([gzipSync('{}\n'), Buffer.from('something that is no gzip')]) },
])('a file that $name is an error, and nothing of it is taken', async ({ content }) => {
  const folder = await temporaryFolder();
  const database = await FeedbackDatabase.open({ folder, memoryMiB: 128 });
  const good = await fileOf(folder, [predictionLine(predictionOf({ id: idAt(1, 1) }))]);
  const bad = join(folder, 'bad.ndjson.gz');
  await writeFile(bad, content);
  await expect(database.load('prediction', [good, bad])).rejects.toBeInstanceOf(UnreadableJournal);
  await expect(database.load('prediction', [`${bad}.gone`])).rejects.not.toBeInstanceOf(UnreadableJournal);
  await database.load('prediction', [good]);
  expect((await database.join(rules)).predictions).toBe(1);
  database.close();
});

test('nothing at all is no sample', async () => {
  expect(await joined([], [], rules)).toMatchObject({ samples: [], counts: { predictions: 0, labels: 0, unmatched: 0 } });
});
