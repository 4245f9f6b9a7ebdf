/** Less than a test may take: who waits in vain fails, where a loop without end would keep the whole run from ending. */
const PATIENCE_MS = 45_000;

/**
 * Waits until something holds.
 * @throws Error where it does not come about
 */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const givenUpMs = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > givenUpMs) throw new Error(`waited in vain until ${String(holds)}`);
    await new Promise(setImmediate);
  }
}
