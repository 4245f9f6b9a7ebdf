import type { Counts } from './delong.ts';
import type { GateDecision, GateFindings, GateRule, Measured, Missing } from './gate.ts';
import { chanceBelow } from './interval.ts';

/**
 * What a gate found, what it asks and what is missing, in a few sentences for people. At most 600 characters; nothing branches on it.
 * @param decision of `decideGate` on the same findings and rule
 */
export function gateMessage(findings: GateFindings, decision: GateDecision, rule: GateRule): string {
  const sentences = [found(findings, rule), outcome(findings, decision, rule)];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

function found({ counts, candidate, difference }: GateFindings, rule: GateRule): string {
  if (candidate === undefined) return `${customers(counts)}: too few for an AUC.`;
  const beside = difference === undefined ? '' : `; against stable ${signed(difference.value)}, ${bounds(difference, signed)}`;
  return `AUC ${fixed(candidate.value)}, ${bounds(candidate, fixed)} (each at ${percent(rule.confidence)}), of ${customers(counts)}${beside}.`;
}

function outcome({ candidate, difference }: GateFindings, decision: GateDecision, rule: GateRule): string {
  switch (decision.reason) {
    case 'Proven':
      return `At least ${rule.minAUC} is proven${difference === undefined ? '' : `, and that no more than ${rule.maxRegression} is lost`}.`;
    case 'EstimatePassed':
      return `The estimate is not below ${rule.minAUC}${chance(candidate, rule)}.`;
    case 'AUCTooLow':
      return rule.mode === 'Point' ? `The estimate is below ${rule.minAUC}.` : `It is below ${rule.minAUC}, at ${percent(rule.confidence)} confidence.`;
    case 'WorseThanStable':
      return `It loses more than ${rule.maxRegression} against stable${rule.mode === 'Point' ? '' : `, at ${percent(rule.confidence)} confidence`}.`;
    case 'TooFewLabels':
      return `Missing: ${classes(decision.missing)}${more(decision.missing)}.`;
    case 'AUCNotProven':
      return `Whether it is at least ${rule.minAUC} is not known yet${tendency(decision.missing, rule)}.`;
    case 'RegressionNotExcluded':
      return `That it loses ${rule.maxRegression} or more against stable is not excluded yet${tendency(decision.missing, rule)}.`;
  }
}

function tendency(missing: Missing, { mode }: GateRule): string {
  if (missing.labels === undefined) return ', and the estimate lies too near the limit to say when it will be';
  const should = missing.leaning === 'Pass' ? 'to pass' : 'to fail';
  // One look is over; what it would have taken is advice for the next gate.
  return mode === 'Anytime' ? `: about ${roughly(missing.labels)} more labelled customers ${should}, if the estimates stay` : `: one look with about ${roughly(missing.labels)} more labelled customers would have been needed ${should}`;
}

function classes({ positives, negatives }: Missing): string {
  const parts = [positives > 0 ? `${positives} positive` : '', negatives > 0 ? `${negatives} negative` : ''].filter((part) => part !== '');
  return `${parts.join(' and ')} labels`;
}

function more({ labels }: Missing): string {
  return labels === undefined ? '' : ` (about ${roughly(labels)} more customers)`;
}

function chance(candidate: Measured | undefined, { minAUC }: GateRule): string {
  const below = candidate === undefined || minAUC >= 1 ? undefined : chanceBelow(candidate, minAUC);
  return below === undefined ? '' : `; the chance that the true AUC is below is about ${percent(below)}`;
}

function customers({ rows, positives }: Counts): string {
  return `${rows} customers, ${positives} positive`;
}

function bounds({ lower, upper }: Measured, text: (value: number) => string): string {
  return `bounds ${text(lower)} and ${text(upper)}`;
}

function fixed(value: number): string {
  return value.toFixed(4);
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(4)}`;
}

/** A forecast is no better than two digits. */
function roughly(labels: number): number {
  return Number(labels.toPrecision(2));
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
