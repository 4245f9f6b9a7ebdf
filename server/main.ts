import { parseArgs } from 'node:util';
import { EvaluateEnvironment, InspectEnvironment, PullEnvironment, RetainEnvironment, ServeEnvironment, VerifyEnvironment } from '../contracts/pod-environment.ts';
import { PATHS, PORTS } from '../contracts/names.ts';
import { parseEnvironment } from '../platform/configuration/environment.ts';
import { createLogger } from '../platform/logging/logger.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { EVALUATE_PATIENCE, evaluateCandidate } from './evaluation/evaluate.ts';
import { ObjectUrls } from './evaluation/evidence/object-urls.ts';
import { verifyEvidence } from './evaluation/evidence/verify-evidence.ts';
import { joinMemoryMiB } from './evaluation/memory.ts';
import { shortReport } from './evaluation/short-report.ts';
import { inspectPackage } from './inspection/inspect.ts';
import { pull } from './package/pull.ts';
import { failureReport, writeTerminationMessage } from './report/termination-message.ts';
import { retain } from './retention/retain.ts';
import { startServing } from './serving/serving.ts';

const USAGE = `Usage: server <serve | pull | inspect | evaluate | retain> [options]
  --package <folder>               where the package is (serve) or goes (pull)
  --host <address>                 address to listen on; without it all there are, IPv6 and IPv4 (serve)
  --port <n> --control-port <n>    ports to listen on (serve)
  --traffic-policy <file>          where the traffic policy is (serve)
  --journal <folder>               where the journal keeps what the store does not have yet (serve)
  --feedback <folder>              where the token of :feedback is (serve)
  --prediction-keys <folder>       where the keys of prediction ids are (serve, evaluate)
  --scratch <folder>               an empty folder with room for a journal (evaluate)
  --verify <url>                   verify a piece of evidence instead of making one; exit 1 where it does not hold (evaluate)
  --sha256 <hex>                   what the evidence must have, as status tells it (evaluate --verify)
  --dry-run                        look and count, delete nothing (retain)
  --termination-message <file>     where the report for the kubelet goes`;

const OPTIONS = {
  package: { type: 'string', default: PATHS.package },
  host: { type: 'string' },
  port: { type: 'string', default: String(PORTS.http) },
  'control-port': { type: 'string', default: String(PORTS.control) },
  'traffic-policy': { type: 'string', default: PATHS.trafficPolicyFile },
  journal: { type: 'string', default: PATHS.journal },
  feedback: { type: 'string', default: PATHS.feedback },
  'prediction-keys': { type: 'string', default: PATHS.predictionKeys },
  scratch: { type: 'string', default: PATHS.scratch },
  verify: { type: 'string' },
  sha256: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  'termination-message': { type: 'string', default: PATHS.terminationMessage },
} as const;

type Arguments = ReturnType<typeof readArguments>;

function readArguments(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
}

/** 128 + SIGTERM: an init container that was stopped must not count as done. */
const TERMINATED = 143;
const INSTANT_LOGGER = createLogger({ level: 'info', fields: { component: 'server' } });

async function serve({ values }: Arguments, stop: AbortSignal, hurry: AbortSignal): Promise<void> {
  const environment = parseEnvironment(ServeEnvironment, process.env);
  const logger = loggerOf('serve', environment);
  const folders = { journal: values.journal, feedback: values.feedback, predictionKeys: values['prediction-keys'] };
  const serving = await startServing(
    { environment, folders, packageFolder: values.package, host: values.host, dataPort: Number(values.port), controlPort: Number(values['control-port']), policyFile: values['traffic-policy'], logger },
    stop,
  );
  await aborted(stop);
  await serving.drain(hurry);
}

async function pullPackage({ values }: Arguments, stop: AbortSignal): Promise<void> {
  const environment = parseEnvironment(PullEnvironment, process.env);
  await pull({ environment, packageFolder: values.package, logger: loggerOf('pull', environment), signal: stop });
}

async function inspect({ values }: Arguments, stop: AbortSignal): Promise<void> {
  const environment = parseEnvironment(InspectEnvironment, process.env);
  const report = await inspectPackage({ environment, logger: loggerOf('inspect', environment), signal: stop });
  await writeTerminationMessage(values['termination-message'], report);
}

async function evaluate(args: Arguments, stop: AbortSignal): Promise<number> {
  const { values } = args;
  if (values.verify !== undefined) return verify(values.verify, args, stop);
  const environment = parseEnvironment(EvaluateEnvironment, process.env);
  const report = await evaluateCandidate({
    environment,
    scratch: values.scratch,
    predictionKeys: values['prediction-keys'],
    memoryMiB: joinMemoryMiB(process.constrainedMemory()),
    logger: loggerOf('evaluate', environment),
    signal: stop,
  });
  await writeTerminationMessage(values['termination-message'], shortReport(report));
  return 0;
}

/** For people, so it goes to the output and not to the kubelet. */
async function verify(url: string, { values: { sha256 } }: Arguments, stop: AbortSignal): Promise<number> {
  const urls = new ObjectUrls(parseEnvironment(VerifyEnvironment, process.env), { ...EVALUATE_PATIENCE, signal: stop });
  try {
    const verification = await verifyEvidence(url, { urls, sha256 });
    process.stdout.write(`${JSON.stringify(verification, undefined, 2)}\n`);
    return verification.outcome === 'Verified' ? 0 : 1;
  } finally {
    urls.close();
  }
}

/** Failed: the Job fails, too, so that whoever watches Jobs sees it; the report stays. */
async function deleteExpired({ values }: Arguments, stop: AbortSignal): Promise<number> {
  const environment = parseEnvironment(RetainEnvironment, process.env);
  const report = await retain({ environment, dryRun: values['dry-run'], logger: loggerOf('retain', environment), signal: stop });
  await writeTerminationMessage(values['termination-message'], report);
  return report.outcome === 'Done' ? 0 : 1;
}

type Identity = Pick<ServeEnvironment, 'CHURNOPS_LOG_LEVEL' | 'CHURNOPS_NAMESPACE' | 'CHURNOPS_MODEL'> & Partial<Pick<ServeEnvironment, 'CHURNOPS_VERSION'>>;

function loggerOf(component: string, environment: Identity): Logger {
  const { CHURNOPS_LOG_LEVEL: level, CHURNOPS_NAMESPACE: namespace, CHURNOPS_MODEL: model, CHURNOPS_VERSION: version } = environment;
  return createLogger({ level, fields: { component, namespace, model, ...(version === undefined ? {} : { version }) } });
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function giveUp(thrown: unknown, path: string): Promise<void> {
  INSTANT_LOGGER.error({ error: thrown }, 'giving up');
  try {
    await writeTerminationMessage(path, failureReport(thrown));
  } catch (error) {
    INSTANT_LOGGER.error({ error, path }, 'termination message could not be written');
  }
}

/** A command that gives a number ends with it as its exit code. */
type Command = (args: Arguments, stop: AbortSignal, hurry: AbortSignal) => Promise<number | void>;

const COMMANDS: Readonly<Record<'serve' | 'pull' | 'inspect' | 'evaluate' | 'retain', Command>> = { serve, pull: pullPackage, inspect, evaluate, retain: deleteExpired };

/** Runs one subcommand; the exit code is 0 for success, 1 for failure (with a FailureReport), 2 for wrong usage, 143 when stopped before the end. */
async function main(args: readonly string[]): Promise<number> {
  let parsed: Arguments;
  try {
    parsed = readArguments(args);
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : 'wrong usage'}\n${USAGE}\n`);
    return 2;
  }
  const [command = ''] = parsed.positionals;
  if (!isCommand(command)) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const stop = new AbortController();
  const hurry = new AbortController();
  const onSignal = (): void => (stop.signal.aborted ? hurry : stop).abort();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, onSignal);
  const terminationMessage = parsed.values['termination-message'];
  process.on('uncaughtException', (thrown) => void giveUp(thrown, terminationMessage).finally(() => process.exit(1)));
  try {
    return (await COMMANDS[command](parsed, stop.signal, hurry.signal)) ?? 0;
  } catch (thrown) {
    if (stop.signal.aborted) return TERMINATED;
    await giveUp(thrown, terminationMessage);
    return 1;
  }
}

function isCommand(text: string): text is keyof typeof COMMANDS {
  return Object.hasOwn(COMMANDS, text);
}

process.exitCode = await main(process.argv.slice(2));
