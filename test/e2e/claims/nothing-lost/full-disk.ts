import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeLayout } from '../../../../contracts/store-layout.ts';
import { serverImageCommand } from '../../../../hack/bench.d/image-command.ts';
import { servedPackage } from '../../../../hack/bench.d/served-package.ts';
import { MODEL, ServingProgram } from '../../../../hack/bench.d/serving-program.ts';
import { output } from '../../command.ts';
import type { ClaimBasics } from '../../context.ts';
import { readPredictions } from '../../feedback/journal-reader.ts';
import { TELCO_PACKAGES, telcoCustomers } from '../../load/customers.ts';
import { predictRows, type Scored } from '../../load/predict-rows.ts';
import { VERSIONS } from '../../manifest.ts';
import { OperatorFigures } from '../../operator-figures.ts';
import { until } from '../../until.ts';
import { folderObjects } from '../evidence/folder-objects.ts';

/** A volume that holds half of what is written. */
const DISK_MIB = 10;
const ROUNDS = 3;
const ROWS_PER_CALL = 64;
const AT_ONCE = 4;
const WRITTEN_WITHIN_MS = 30_000;
/** Nobody listens there. */
const DEAD_STORE = { CHURNOPS_STORE_ENDPOINT: 'http://127.0.0.1:9', AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' } as const;

/** A real server process whose store is dead and whose disk gets full; then the next container, with a store. Needs no cluster, but root, to have a small disk. */
export async function fullDisk(basics: ClaimBasics): Promise<string> {
  const { signal, progress } = basics;
  const folder = await mkdtemp(join(tmpdir(), 'churnops-full-disk-'));
  const journal = join(folder, 'journal');
  await mkdir(journal);
  await output('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', journal], { signal });
  try {
    progress(`a server with a dead store and a disk of ${DISK_MIB} MiB`);
    return await fillUp(basics, folder);
  } finally {
    await output('umount', ['--lazy', journal], { signal: AbortSignal.timeout(10_000) });
    await rm(folder, { recursive: true, force: true });
  }
}

async function fillUp({ check, signal }: ClaimBasics, folder: string): Promise<string> {
  const served = await servedPackage(join(TELCO_PACKAGES, VERSIONS.decent));
  const image = await serverImageCommand();
  const first = await ServingProgram.start({ core: 0, served, folder, image, repository: `s3://nowhere/models/${MODEL}`, env: DEAD_STORE, signal });
  const scored: Scored[] = [];
  let dropped: number;
  try {
    const customers = await telcoCustomers(served.card);
    const failures: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const sent = await predictRows({ url: first.predictUrl, customers, rowsPerCall: ROWS_PER_CALL, atOnce: AT_ONCE, connection: 'Kept' });
      scored.push(...sent.scored);
      failures.push(...sent.failures);
    }
    check('a full disk and a dead store: every call is answered', failures.length === 0, failures.length === 0 ? `${scored.length} rows` : `${failures.length}: ${failures[0]}`);
    // What is in memory is on the disk, or dropped, a moment later.
    const figures = await until({ what: 'every row is written or dropped', deadlineMs: WRITTEN_WITHIN_MS, signal }, async () => figuresOf(first), (seen) => seen.written + seen.droppedUnwritten >= scored.length);
    dropped = figures.dropped;
    check('a full disk drops rows, and counts them by reason', dropped > 0, `${figures.written} written, dropped: ${figures.reasons}`);
  } finally {
    await first.program.kill();
  }
  return nextContainer({ check, signal }, { folder, served, image, scored, dropped });
}

type Left = Readonly<{ folder: string; served: Awaited<ReturnType<typeof servedPackage>>; image: Awaited<ReturnType<typeof serverImageCommand>>; scored: readonly Scored[]; dropped: number }>;

/** The next container ships what the killed one left: the newest rows. */
async function nextContainer({ check, signal }: Pick<ClaimBasics, 'check' | 'signal'>, { folder, served, image, scored, dropped }: Left): Promise<string> {
  const store = join(folder, 'store');
  const next = await ServingProgram.start({ core: 0, served, folder, image, repository: `file://${store}/models/${MODEL}`, signal });
  await next.program.stop();
  const { records, broken } = await readPredictions(folderObjects(store), storeLayout(`models/${MODEL}`, MODEL).predictions);
  const there = new Set(records.map(({ id }) => id));
  const lost = scored.filter(({ prediction }) => !there.has(prediction.id)).length;
  const newest = scored.slice(-Math.floor(there.size / 2));
  const newestLost = newest.filter(({ prediction }) => !there.has(prediction.id)).length;
  check('the next container ships all that was left: what is missing is what was counted', there.size > 0 && lost === dropped && broken === 0, `${there.size} of ${scored.length} rows in the store, ${lost} missing, ${dropped} counted as dropped, ${broken} broken lines`);
  check('the oldest rows went, the newest stayed', newestLost === 0, `${newestLost} of the newest ${newest.length} are missing`);
  return `A disk of ${DISK_MIB} MiB and a store that is away, by a real server process: ${scored.length} rows answered, ${dropped} dropped and counted, ${there.size} shipped by the next process.`;
}

type Figures = Readonly<{ written: number; dropped: number; droppedUnwritten: number; reasons: string }>;

/** Rows that were written and then went with the oldest segment count as both. */
async function figuresOf(server: ServingProgram): Promise<Figures> {
  const figures = new OperatorFigures(await server.metrics());
  const reasons = ['BufferFull', 'OldestDropped', 'DiskFull', 'DiskFailed', 'Unreadable', 'Closed', 'Defect'].map((reason) => ({ reason, rows: figures.sum('churnops_journal_dropped_total', `reason="${reason}"`) }));
  const rowsOf = (which: (reason: string) => boolean): number => reasons.filter(({ reason }) => which(reason)).reduce((sum, { rows }) => sum + rows, 0);
  return {
    written: figures.sum('churnops_journal_records_total'),
    dropped: rowsOf(() => true),
    droppedUnwritten: rowsOf((reason) => reason !== 'OldestDropped'),
    reasons: reasons.filter(({ rows }) => rows > 0).map(({ reason, rows }) => `${rows} ${reason}`).join(', ') || 'none',
  };
}
