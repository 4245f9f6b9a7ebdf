/** Rollouts in a thread of their own: a task comes in, endings go out. */
import { parentPort } from 'node:worker_threads';
import { Task, type TaskEndings } from './protocol.ts';
import { RandomStream } from '../../random-stream.ts';
import { simulateRepeated } from './repeated.ts';
import { simulateRollout } from './rollout.ts';

const port = parentPort;
if (port === null) throw new Error('this file is a worker');

port.on('message', (message: unknown) => {
  const task = Task.parse(message);
  const endings: TaskEndings = {};
  for (let index = task.from; index < task.from + task.count; index += 1) {
    const random = new RandomStream(task.seed, index);
    const found = task.scenario.population === undefined ? simulateRollout(task.scenario, random) : simulateRepeated(task.scenario, random, index < task.scoresBelow);
    for (const [manner, ending] of Object.entries(found)) if (ending !== undefined) (endings[manner] ??= []).push(ending);
  }
  port.postMessage(endings, []);
});
