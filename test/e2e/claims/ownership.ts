import type { PlatformClaim } from '../context.ts';
import { foreignObjects } from './ownership/foreign.ts';
import { handChanges } from './ownership/hand-changes.ts';
import { removal } from './ownership/removal.ts';

/** What the operator does with its children, and with what is not its own. */
export const ownership: PlatformClaim = {
  name: 'ownership',
  title: 'Deleting a ChurnModel removes every child and no file in the store; a child changed by hand is put back; a foreign object with a child\'s name is reported and not touched.',
  needs: 'shared',
  run: async (context) => {
    const changing = async () => {
      const changes = await handChanges(context);
      return { changes, foreign: await foreignObjects(context, changes.deployment) };
    };
    const [{ changes, foreign }, removed] = await Promise.all([changing(), removal(context)]);
    return {
      checks: [],
      figure: `${changes.count} hand changes put back, the slowest after ${seconds(changes.slowestMs)}; ${foreign} foreign objects untouched; ${removed.children} objects gone ${seconds(removed.tookMs)} after the model, ${removed.files} files of the store unchanged`,
    };
  },
};

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
