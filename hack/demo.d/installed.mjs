// Exits with 0 when node_modules holds what package-lock.json asks for. Plain JavaScript for whatever Node.js the machine has:
// the project's own comes with the packages. (Comparing file times would install anew after every checkout.)
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', '..');
const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;

try {
  const wanted = read('package-lock.json');
  const installed = read('node_modules/.package-lock.json');
  const missing = Object.entries(wanted).filter(
    ([path, entry]) => path !== '' && !entry.optional && installed[path]?.version !== entry.version,
  );
  process.exitCode = missing.length === 0 ? 0 : 1;
} catch {
  process.exitCode = 1;
}
