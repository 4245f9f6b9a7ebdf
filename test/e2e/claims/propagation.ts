import { gatedModel, startBesides } from '../beside-stable.ts';
import type { PlatformClaim } from '../context.ts';
import { spread, type Spread } from './propagation/change.ts';
import { distributionOf, distributionTable } from './propagation/distribution.ts';
import { bornMeanwhile, withoutOperator } from './propagation/newcomers.ts';

const MODEL = 'propagation';
/** Shadow of so many percent, and weights up to it, need one pod of the candidate. */
const PACES = {
  full: { pods: 10, shadowPercent: 10, changes: 50, born: 2, medianSeconds: 2, worstSeconds: 5 },
  // Beside other claims: that it comes at all, not how fast.
  short: { pods: 3, shadowPercent: 30, changes: 5, born: 1, medianSeconds: 15, worstSeconds: 30 },
} as const;

/** How long it takes until all pods do as was decided. */
export const propagation: PlatformClaim = {
  name: 'propagation',
  title: 'A decision reaches all of 10 pods: half of 50 changes within 2 s, each within 5 s; pods born during a change follow it; without an operator pods keep the policy and new ones serve stable only.',
  needs: 'shared',
  run: async (context) => {
    const { form, progress } = context;
    const { pods, shadowPercent, changes, born, medianSeconds, worstSeconds } = PACES[form];
    const sides = await startBesides(context, gatedModel(context, { name: MODEL, replicas: pods, rollout: { gate: { labels: 'Feedback', interval: '24h' }, shadow: { percent: shadowPercent } } }));
    const seen: Spread[] = [];
    for (let change = 0; change < changes; change += 1) {
      // Never the same twice: that would be no change.
      seen.push(await spread(context, sides, 1 + (change % shadowPercent)));
      if ((change + 1) % 10 === 0) progress(`${change + 1} changes`);
    }
    const distribution = distributionOf(seen);
    const { inAll } = distribution;
    context.check(`all of ${pods} pods follow: half of the changes within ${medianSeconds} s, each within ${worstSeconds} s`, inAll.p50 <= medianSeconds && inAll.worst <= worstSeconds, `${changes} changes: median ${inAll.p50.toFixed(2)} s, 95 % ${inAll.p95.toFixed(2)} s, worst ${inAll.worst.toFixed(2)} s`);
    progress('pods are born during a change');
    // Another weight than the last one.
    await bornMeanwhile(context, sides, { from: pods, to: pods + born, weight: shadowPercent - 1 });
    // Claims beside this one need the operator.
    if (form === 'full') await withoutOperator(context, sides);
    return { checks: [], figure: `${changes} changes to ${pods} pods: median ${inAll.p50.toFixed(2)} s, 95 % ${inAll.p95.toFixed(2)} s, worst ${inAll.worst.toFixed(2)} s from the decision until the last pod follows`, evidence: distributionTable(distribution) };
  },
};
