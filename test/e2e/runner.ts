/**
 * Runs claims: `hack/prove` calls this after it brought the platform up.
 * `--short` or `--full` (default), `--list`, `--with-tests`, names (default: all). The last line is `N passed, N failed, N skipped`, counting checks.
 */
import { parseArgs } from 'node:util';
import type { Check, Form } from './claim.ts';
import { CLAIMS } from './claims/registry.ts';
import type { RunnableClaim } from './context.ts';
import { minutes, writeEvidence, type Proof } from './evidence.ts';

function show(check: Check): void {
  console.log(`  ${check.passed ? 'ok    ' : 'FAILED'}  ${check.name}${check.detail === '' ? '' : `: ${check.detail}`}`);
}

async function prove(claim: RunnableClaim, options: Readonly<{ form: Form; withTests: boolean; signal: AbortSignal }>): Promise<Proof> {
  const startedAt = new Date();
  const elapsed = (): string => minutes(Date.now() - startedAt.getTime()).replace(' min', '');
  const recorded: Check[] = [];
  console.log(`\n${claim.name}: ${claim.title}`);
  const record = (check: Check): Check => {
    recorded.push(check);
    show(check);
    return check;
  };
  const basics = {
    ...options,
    progress: (text: string) => console.error(`  [${elapsed()}] ${text}`),
    check: (name: string, passed: boolean, detail: string) => record({ name, passed, detail }),
  };
  let figure = 'it did not come to an end';
  let evidence = '';
  try {
    const outcome = await claim.run(basics);
    for (const check of outcome.checks) if (!recorded.includes(check)) record(check);
    if (recorded.length === 0) record({ name: 'something is checked', passed: false, detail: 'the claim looked at nothing' });
    figure = outcome.figure;
    evidence = outcome.evidence ?? '';
  } catch (thrown) {
    record({ name: 'runs to its end', passed: false, detail: thrown instanceof Error ? thrown.message : String(thrown) });
    if (thrown instanceof Error && thrown.stack !== undefined) console.error(thrown.stack);
  }
  const proof = { name: claim.name, title: claim.title, form: options.form, checks: recorded, figure, evidence, startedAt, tookMs: Date.now() - startedAt.getTime() };
  console.log(`${claim.name} (${options.form}, ${minutes(proof.tookMs)}): ${figure}`);
  return proof;
}

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean' }, full: { type: 'boolean' }, list: { type: 'boolean' }, 'with-tests': { type: 'boolean' } },
});
const unknown = names.filter((name) => !CLAIMS.some((claim) => claim.name === name));

if (values.list === true) {
  for (const claim of CLAIMS) console.log(`${claim.name.padEnd(12)} ${claim.title}`);
} else if (unknown.length > 0) {
  console.error(`unknown claim: ${unknown.join(', ')}; there are: ${CLAIMS.map((claim) => claim.name).join(', ')}`);
  process.exitCode = 2;
} else {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
  const form = values.short === true ? 'short' : 'full';
  let passed = 0;
  let failed = 0;
  for (const claim of CLAIMS.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const proof = await prove(claim, { form, withTests: values['with-tests'] === true, signal: interrupted.signal });
    if (form === 'full') console.error(`  evidence: ${await writeEvidence(proof, AbortSignal.timeout(30_000))}`);
    passed += proof.checks.filter((check) => check.passed).length;
    failed += proof.checks.filter((check) => !check.passed).length;
    if (interrupted.signal.aborted) break;
  }
  if (failed > 0) process.exitCode = 1;
  console.log(`\n${passed} passed, ${failed} failed, 0 skipped`);
  // A claim that ended badly may leave a caller behind; nothing of it may outlive the run.
  setTimeout(() => process.exit(), 5000).unref();
}
