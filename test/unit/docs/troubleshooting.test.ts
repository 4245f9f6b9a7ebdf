import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PAGE = readFileSync(join(ROOT, 'docs', 'troubleshooting.md'), 'utf8');

/** Every word that the operator can put into a REASON column, a condition or an event. */
function reasonsInCode(): readonly string[] {
  const files = ['status', 'rollout', 'observation', '.'].flatMap((folder) => {
    const path = join(ROOT, 'operator', folder);
    return readdirSync(path).filter((name) => name.endsWith('.ts')).map((name) => join(path, name));
  });
  const words = files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/\b(?:reason|code): '([A-Z]\w+)'/g)].map(([, word = '']) => word));
  return [...new Set(words)].toSorted();
}

test('there are reasons to explain', () => expect(reasonsInCode().length).toBeGreaterThan(20));

test.each(reasonsInCode())('docs/troubleshooting.md explains %s', (reason) => expect(PAGE).toContain(`\`${reason}\``));
