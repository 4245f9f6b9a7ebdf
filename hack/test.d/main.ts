/**
 * All tests, in two lanes where that saves time: the platform comes up, and integration runs on it, while lint, types and unit tests do.
 * `--fast`: only what needs no cluster. See hack/test.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import Table from 'cli-table3';
import { runStage, type Place, type Stage } from './stage.ts';
import { claims, integration, platform, pythonPackages, withoutCluster } from './stages.ts';
import { summaryLine, total, type Result } from './suite.ts';

const { fast } = parseArgs({ options: { fast: { type: 'boolean', default: false } } }).values;
const startedMs = Date.now();
const ci = process.env['CI'] === 'true';
const root = join(import.meta.dirname, '..', '..');
const cache = process.env['CHURNOPS_CACHE'] ?? join(process.env['HOME'] ?? '/root', '.cache', 'churnops');
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));

const place: Place = {
  root,
  // By checkout: two of them may be tested at the same time.
  logs: join(cache, 'logs', `test-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`),
  say: (text) => {
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    console.log(`[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}] ${text}`);
  },
  signal: interrupted.signal,
};

async function answerOf(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(root, program), args, { cwd: root, signal: interrupted.signal });
  return stdout.trim();
}

const waiting: Stage[] = [...withoutCluster];

/** Takes what waits, one after the other, until nothing does. */
async function lane(): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results.push(await runStage(next, place));
  return results;
}

const couldNot = (name: string, note: string): Result => ({ name, counts: { passed: 0, failed: 1, skipped: 0 }, tookMs: 0, note });

/** Integration needs only the API server, but both need what `platform` brings: without it they have failed, not been skipped. */
async function platformLane(): Promise<readonly Result[]> {
  const up = await runStage(platform, place);
  try {
    const [kubeconfig, versitygw, helm] = await Promise.all([answerOf('hack/cluster', 'kubeconfig'), answerOf('hack/tools/build', 'versitygw'), answerOf('hack/tools/build', 'helm')]);
    return [up, await runStage(integration({ kubeconfig, versitygw: join(versitygw, 'versitygw'), helm: join(helm, 'helm') }), place)];
  } catch (thrown) {
    return [up, couldNot('integration', thrown instanceof Error ? thrown.message : String(thrown))];
  }
}

async function everything(): Promise<readonly Result[]> {
  // Only warms a cache: what it says, pytest says again.
  const venv = runStage(pythonPackages, place);
  // Two cores are enough for two at a time. Who is through with the cluster helps with the rest.
  const [still, [cluster, rest]] = await Promise.all([lane(), fast ? [[], []] : platformLane().then(async (results) => [results, await lane()] as const)]);
  await venv;
  if (fast) return still;
  const isUp = cluster.some(({ name, counts }) => name === 'platform' && counts.failed === 0);
  return [...still, ...rest, ...cluster, isUp ? await runStage(claims, place) : couldNot('claims', 'the platform is not up')];
}

const wasUp = fast || (await answerOf('hack/cluster', 'status').then(() => true, () => false));
const results = await everything();
// In CI nobody would look at it any more, and the next job starts afresh.
if (ci && !wasUp) await answerOf('hack/cluster', 'down').catch((thrown: unknown) => place.say(`the cluster does not go down: ${String(thrown)}`));

const table = new Table({ head: ['stage', 'passed', 'failed', 'skipped', 'seconds', ''], style: { head: [], border: [] }, colAligns: ['left', 'right', 'right', 'right', 'right', 'left'] });
for (const { name, counts, tookMs, note } of results) table.push([name, counts.passed, counts.failed, counts.skipped, (tookMs / 1000).toFixed(0), note]);
const sum = total(results.map(({ counts }) => counts));
console.log(`\n${table.toString()}`);
place.say(ci && sum.skipped > 0 ? 'in CI nothing may be skipped: this run has failed' : 'done');
if (sum.failed > 0 || (ci && sum.skipped > 0)) process.exitCode = 1;
console.log(summaryLine(sum));
