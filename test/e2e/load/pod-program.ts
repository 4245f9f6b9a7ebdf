/**
 * The generator in a pod: callers inside the cluster. It is steered over HTTP, so that it goes on whatever becomes of the API server:
 * `POST /start` with a LoadPlan, `POST /command` with a LoadCommand; Stop is answered with the LoadReport.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Generator } from './generator.ts';
import { LoadCommand, LoadPlan } from './protocol.ts';

let generator: Generator | undefined;

async function answer(request: IncomingMessage): Promise<unknown> {
  const route = `${request.method ?? ''} ${request.url ?? ''}`;
  if (route === 'GET /healthz') return 'ok';
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (route === 'POST /start') {
    if (generator !== undefined) throw new Error('it runs already');
    generator = new Generator(LoadPlan.parse(body));
    return 'started';
  }
  if (route !== 'POST /command' || generator === undefined) throw new Error(`${route}: POST /start, then POST /command`);
  const command = LoadCommand.parse(body);
  if (command.command === 'Phase') return generator.phase(command) ?? 'noted';
  return generator.stop();
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

createServer((request, response) => {
  answer(request).then(
    (body) => send(response, 200, body),
    (thrown: unknown) => send(response, 400, { error: String(thrown) }),
  );
}).listen(9090);
process.once('SIGTERM', () => process.exit(0));
