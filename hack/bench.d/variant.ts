import type { TrafficState } from '../../contracts/traffic.ts';
import type { State } from './serving-program.ts';

/** What is measured side by side. The base is there twice: how far it is from itself is what the machine can tell apart. */
export const VARIANTS = ['Echo', 'NoRollout', 'NoRolloutAgain', 'Shadow', 'Canary'] as const;
export type Variant = (typeof VARIANTS)[number];
/** What all others are compared with. */
export const BASE = 'NoRollout' satisfies Variant;

/** For people. */
export const TITLES = {
  Echo: 'bare node:http, answers without looking',
  NoRollout: 'no rollout',
  NoRolloutAgain: 'no rollout, again',
  Shadow: 'Shadow, 100 %',
  Canary: 'Canary, 25 %',
} as const satisfies Record<Variant, string>;

/** The policy of a variant of ours. */
export const STATES: Readonly<Record<Exclude<Variant, 'Echo'>, State | undefined>> = {
  NoRollout: undefined,
  NoRolloutAgain: undefined,
  Shadow: { mode: 'Shadow', percent: 100 },
  // The usual 1 % is one late answer in 50 forwards: noise of the machine would open the breaker, and what is measured would be another state.
  Canary: { mode: 'Canary', percent: 25, maxErrorPercent: 20 },
};

/** Share of calls that the candidate must have been asked for. */
const ASKED = { Shadow: 1, Canary: 0.25 } as const;
/** Copies may be dropped, and looks of others counted: so much is no other state. */
const SLACK = 0.03;

/** How far off that share may be: customers are drawn by hash, so that few calls are further off by chance (four standard errors). */
function slackOf(variant: keyof typeof ASKED, calls: number): number {
  const share = ASKED[variant];
  return SLACK + 4 * Math.sqrt((share * (1 - share)) / calls);
}

/**
 * What is wrong with a slice as a measurement of its state, by the counters of the server; undefined: nothing.
 * @param mostErrors share of the candidate's answers that may be errors: late now and then is part of it, mostly failing is another state
 */
export function notAsMeant(variant: Variant, calls: number, traffic: TrafficState | undefined, mostErrors: number): string | undefined {
  if (variant === 'Echo') return undefined;
  if (traffic === undefined) return 'the server told nothing';
  const { candidate } = traffic.sides;
  if (variant === 'NoRollout' || variant === 'NoRolloutAgain') return candidate === undefined && traffic.revision === 0 ? undefined : `it follows policy ${traffic.revision}`;
  if (candidate === undefined) return 'it follows no policy';
  const { requests, errors, fallbacks, dropped, breaker } = candidate;
  if (Math.abs(requests / calls - ASKED[variant]) > slackOf(variant, calls)) return `the candidate was asked ${requests} times for ${calls} calls`;
  if (errors > mostErrors * requests || breaker !== 'Closed') return `${errors} of ${requests} requests to the candidate failed, breaker ${breaker}, ${fallbacks} fallbacks, ${dropped} dropped`;
  return undefined;
}

/** The variants of a round: each begins with another one, as whoever is first is often slower. */
export function orderOf(round: number): readonly Variant[] {
  const first = round % VARIANTS.length;
  return [...VARIANTS.slice(first), ...VARIANTS.slice(0, first)];
}
