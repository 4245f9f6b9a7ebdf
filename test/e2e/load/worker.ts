/** The generator in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { Generator } from './generator.ts';
import { LoadCommand, LoadPlan } from './protocol.ts';

const port = parentPort;
if (port === null) throw new Error('this file is a worker');
const generator = new Generator(LoadPlan.parse(workerData));

port.on('message', (message: unknown) => {
  const command = LoadCommand.parse(message);
  if (command.command === 'Phase') generator.phase(command);
  else void stop();
});

async function stop(): Promise<void> {
  port?.postMessage(await generator.stop());
  port?.close();
}
