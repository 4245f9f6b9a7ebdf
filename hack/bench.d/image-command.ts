import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** How the server image starts Node.js: its options, and the environment that it sets. */
export type ImageCommand = Readonly<{ options: readonly string[]; env: Readonly<Record<string, string>> }>;

const ROOT = join(import.meta.dirname, '..', '..');

/** Reads them from the Dockerfile: what is measured is what runs in pods. */
export async function serverImageCommand(): Promise<ImageCommand> {
  return imageCommand(await readFile(join(ROOT, 'Dockerfile'), 'utf8'), 'server');
}

/**
 * Options and environment of a stage of a Dockerfile whose ENTRYPOINT is `node [options] program`.
 * @throws Error where there is no such stage
 */
export function imageCommand(dockerfile: string, stage: string): ImageCommand {
  const text = dockerfile.split(/^FROM /m).find((part) => part.split('\n', 1)[0]?.endsWith(` AS ${stage}`) === true);
  const entry = /^ENTRYPOINT (\[.*\])$/m.exec(text ?? '')?.[1];
  if (text === undefined || entry === undefined) throw new Error(`the Dockerfile has no stage ${stage} with an ENTRYPOINT`);
  const [program, ...rest] = z.array(z.string()).parse(JSON.parse(entry));
  if (program !== 'node' || rest.length === 0) throw new Error(`stage ${stage} does not start node`);
  const settings = [...text.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = '']) => line.split(' ').map((each) => each.split('=', 2)));
  // The image's own PATH is none of this machine.
  return { options: rest.slice(0, -1), env: Object.fromEntries(settings.filter(([name]) => name !== 'PATH').map(([name = '', value = '']) => [name, value])) };
}
