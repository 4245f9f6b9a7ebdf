import { join } from 'node:path';
import { z } from 'zod';
import { PredictResponse } from '../../../contracts/prediction.ts';
import type { Check } from '../claim.ts';
import { command, output, ROOT } from '../command.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { CHURN_MODELS } from '../kinds.ts';
import { cardOf, telcoCustomers } from '../load/customers.ts';
import { churnModel, VERSIONS } from '../manifest.ts';
import { untilServing } from '../serving.ts';

const NAME = 'v2-clients';
const FOLDER = 'test/e2e/claims/v2-clients';
const ROWS = { short: 64, full: 1024 } as const;
const STARTED_WITHIN_MS = 180_000;
const Seen = z.array(z.object({ name: z.string(), passed: z.boolean(), detail: z.string() }));

/** The protocol's public clients, as people install them, work with our pods. */
export const v2Clients: PlatformClaim = {
  name: 'v2-clients',
  title: 'tritonclient, the kserve client and MLServer\'s client code get metadata, readiness, errors, and scores equal to V1\'s from the pods.',
  needs: 'shared',
  run: async (context) => {
    const { kube, progress, signal, form } = context;
    const version = VERSIONS.better;
    await kube.apply(churnModel({ name: NAME, version }));
    progress('Python packages of the clients');
    const python = await output('hack/venv', ['--no-deps', join(ROOT, FOLDER, 'requirements.txt')], { signal });
    const card = await cardOf(version);
    const customers = (await telcoCustomers(card)).toSorted((a, b) => missing(b.instance) - missing(a.instance)).slice(0, ROWS[form]);
    const instances = customers.map(({ instance }) => instance);
    await untilServing(kube, NAME, { version, deadlineMs: STARTED_WITHIN_MS });
    const url = await context.serviceUrl(NAME);
    progress(`${instances.length} customers by V1, then by each client`);
    const predictions = await byV1(url, instances, signal);
    const columns = card.inputs.map(({ name, type }) => ({ name, type }));
    const checks = await byClients(context, python, { url, model: NAME, version, columns, rows: instances, predictions, form });
    await kube.delete(CHURN_MODELS, NAME);
    const withMissing = instances.filter((instance) => missing(instance) > 0).length;
    checks.push(context.check('customers with missing values are among them', withMissing > 0, `${withMissing} of ${instances.length}`));
    return {
      checks,
      figure: `${checks.filter(({ passed }) => passed).length} of ${checks.length} checks: tritonclient 2.73.0, kserve 0.21.0 and MLServer 1.7.1 score ${instances.length} customers as V1 does, to the last bit`,
      evidence: 'The clients are unmodified, from PyPI, pinned by hash in `test/e2e/claims/v2-clients/requirements.txt`. Binary tensors and JSON, both compressions, every datatype, and the errors that each client raises.',
    };
  },
};

function missing(instance: Readonly<Record<string, unknown>>): number {
  return Object.values(instance).filter((value) => value === null).length;
}

async function byV1(url: string, instances: readonly unknown[], signal: AbortSignal): Promise<PredictResponse['predictions']> {
  const answer = await fetch(`${url}/v1/models/${NAME}:predict`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ instances }), signal });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`V1: HTTP ${answer.status}: ${text.slice(0, 500)}`);
  return PredictResponse.parse(JSON.parse(text)).predictions;
}

/** Runs the Python side and records what it saw. */
async function byClients({ signal, check }: ClaimContext, python: string, given: unknown): Promise<Check[]> {
  const finished = await command('env', [python, join(ROOT, FOLDER, 'main.py')], { signal, stdin: JSON.stringify(given), env: { PYTHONDONTWRITEBYTECODE: '1' } });
  if (finished.exitCode !== 0) throw new Error(`the clients: exit ${finished.exitCode}: ${finished.stderr.slice(-2000)}`);
  return Seen.parse(JSON.parse(finished.stdout)).map(({ name, passed, detail }) => check(name, passed, detail));
}
