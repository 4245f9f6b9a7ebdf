// `helm test`: the operator's caches hold the world, and the API server serves the kind that it looks after.
import { readFile } from 'node:fs/promises';

const { OPERATOR_URL, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;

async function textOf(what, url, headers = {}) {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) }).catch((error) => {
    throw new Error(`${what} does not answer: ${error.cause?.message ?? error.message}`);
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${what}: ${response.status} ${text.trim()}`);
  return text;
}

try {
  await textOf('the operator', `${OPERATOR_URL}/readyz`);
  console.log('the operator is ready');
  const token = await readFile('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8');
  const address = `https://${host?.includes(':') ? `[${host}]` : host}:${port}/apis/churnops.dev/v1alpha1`;
  const { resources } = JSON.parse(await textOf('API group churnops.dev', address, { authorization: `Bearer ${token}` }));
  const served = resources.map(({ name }) => name);
  for (const name of ['churnmodels', 'churnmodels/status']) if (!served.includes(name)) throw new Error(`the API server does not serve ${name}: is the custom resource definition installed?`);
  console.log('ChurnModel is served');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
