/**
 * Runs claims: `hack/prove` calls this after it brought the platform up.
 * `--short` or `--full` (default), `--list`, `--with-tests`, `--at-once N`, names (default: all).
 * The last line is `N passed, N failed, N skipped`, counting checks.
 */
import { parseArgs } from 'node:util';
import { CLAIMS } from './claims/registry.ts';
import { aloneReport, groupedReport, type Lines } from './console-report.ts';
import { groupsOf, runGroup } from './lanes.ts';
import { writeEvidence, type Proof } from './evidence.ts';
import { prove } from './prove.ts';

/** Claims in short form that run side by side where they may: they mostly wait for pods, and two cores are enough for that. */
const AT_ONCE = 4;

const lines: Lines = { out: (line) => console.log(line), progress: (line) => console.error(line) };

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean' },
    full: { type: 'boolean' },
    list: { type: 'boolean' },
    'with-tests': { type: 'boolean' },
    'at-once': { type: 'string' },
  },
});
const unknown = names.filter((name) => !CLAIMS.some((claim) => claim.name === name));
const atOnce = values['at-once'] === undefined ? AT_ONCE : Number(values['at-once']);

if (values.list === true) {
  for (const claim of CLAIMS) console.log(`${claim.name.padEnd(16)} ${claim.title}`);
} else if (unknown.length > 0) {
  console.error(`unknown claim: ${unknown.join(', ')}; there are: ${CLAIMS.map((claim) => claim.name).join(', ')}`);
  process.exitCode = 2;
} else if (!Number.isInteger(atOnce) || atOnce < 1) {
  console.error(`--at-once ${values['at-once'] ?? ''}: write a whole number from 1`);
  process.exitCode = 2;
} else {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
  const form = values.short === true ? 'short' : 'full';
  // In full nothing disturbs a figure.
  const width = form === 'short' ? atOnce : 1;
  let passed = 0;
  let failed = 0;
  const wanted = CLAIMS.filter(({ name }) => names.length === 0 || names.includes(name));
  const closing: Promise<void>[] = [];
  const afterwards = (work: Promise<void>): void => {
    // Looked at below; until then it must not bring the runner down.
    work.catch(() => {});
    closing.push(work);
  };
  for (const group of groupsOf(wanted, width)) {
    if (group.length > 1) lines.progress(`\n  side by side, ${width} at a time: ${group.map(({ name }) => name).join(', ')}`);
    await runGroup(group, width, async (claim, alone): Promise<void> => {
      if (interrupted.signal.aborted) return;
      const report = group.length > 1 ? groupedReport(claim.name, lines) : aloneReport(claim.name, lines);
      const proof: Proof = await prove(claim, { form, withTests: values['with-tests'] === true, signal: interrupted.signal, report, afterwards, alone });
      // Half a run shows nothing.
      if (form === 'full' && !interrupted.signal.aborted) lines.progress(`  evidence: ${await writeEvidence(proof, AbortSignal.timeout(30_000))}`);
      passed += proof.checks.filter((check) => check.passed).length;
      failed += proof.checks.filter((check) => !check.passed).length;
    });
    if (interrupted.signal.aborted) break;
  }
  for (const ended of await Promise.allSettled(closing)) {
    if (ended.status === 'fulfilled') continue;
    failed += 1;
    console.log(`  FAILED  a claim leaves nothing behind: ${String(ended.reason)}`);
  }
  if (failed > 0) process.exitCode = 1;
  console.log(`\n${passed} passed, ${failed} failed, 0 skipped`);
  // A claim that ended badly may leave a caller behind; nothing of it may outlive the run.
  setTimeout(() => process.exit(), 5000).unref();
}
