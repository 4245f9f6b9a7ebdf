import { expect, test } from '@jest/globals';
import { imageCommand, serverImageCommand } from '../../../../hack/bench.d/image-command.ts';

const DOCKERFILE = `FROM a AS first
ENTRYPOINT ["node", "/app/other.mjs"]

FROM b AS second
ENV NODE_ENV=production PATH=/bin
ENV MALLOC_ARENA_MAX=1
ENTRYPOINT ["node", "--one", "--two=2", "/app/server.mjs"]
`;

test('options and environment of the stage, without its PATH', () => {
  expect(imageCommand(DOCKERFILE, 'second')).toEqual({ options: ['--one', '--two=2'], env: { NODE_ENV: 'production', MALLOC_ARENA_MAX: '1' } });
  expect(imageCommand(DOCKERFILE, 'first')).toEqual({ options: [], env: {} });
});

test.each([
  { name: 'no such stage', text: DOCKERFILE, stage: 'third' },
  { name: 'no ENTRYPOINT', text: 'FROM a AS first\n', stage: 'first' },
  { name: 'another program', text: 'FROM a AS first\nENTRYPOINT ["python", "x"]\n', stage: 'first' },
])('$name is refused', ({ text, stage }) => expect(() => imageCommand(text, stage)).toThrow(`stage ${stage}`));

test('the server image of this tree', async () => {
  const { options, env } = await serverImageCommand();
  expect(options.length).toBeGreaterThan(0);
  expect(env['NODE_ENV']).toBe('production');
});
