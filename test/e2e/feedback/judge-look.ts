import type { EvaluationEvidence } from '../../../contracts/evaluation-evidence.ts';
import type { ClaimBasics } from '../context.ts';
import { expectedLines, without } from './evidence-reader.ts';
import type { ExpectedPairs } from './expected-pairs.ts';
import type { LabelPlan } from './label-plan.ts';
import { deviations, LIMIT, type Offline } from './offline.ts';

/** A look beside what was sent and told, and what numpy, scipy and scikit-learn make of that. */
export type Judged = Readonly<{ worst: number; evidence: string }>;

/**
 * Checks that a look saw what was sent, and found what follows from it.
 * @param input.lines of the pairs file
 */
export function judgeLook({ check }: Pick<ClaimBasics, 'check'>, input: Readonly<{ evidence: EvaluationEvidence; lines: readonly string[]; expected: ExpectedPairs; plan: LabelPlan; theirs: Offline; sent: number }>): Judged {
  const { evidence, lines, expected, plan, theirs, sent } = input;
  const { report } = evidence;
  check('the journal has every prediction as its caller was told it', expected.problems.length === 0, expected.problems.length === 0 ? `${sent} rows of ${expected.pairs.length} customers` : expected.problems.slice(0, 3).join('; '));
  const kept = new Set(theirs.customers);
  const wanted = expectedLines(expected.pairs.filter(({ customer }) => kept.has(customer)), evidence.pairs.entitySalt);
  const [missing, beyond] = [without(wanted, lines), without(lines, wanted)];
  check('the pairs are what was sent: customer, outcome and both scores', missing.length === 0 && beyond.length === 0 && lines.length > 0, `${lines.length} pairs, ${missing.length} missing, ${beyond.length} beyond${beyond[0] === undefined ? '' : `, such as ${beyond[0]}`}`);
  const { feedback } = report;
  check('rows that a trainer saw are left out and counted', feedback?.trainedOn === theirs.trainedOn, `${feedback?.trainedOn} customers, ${theirs.trainedOn} by the cards themselves`);
  check('labels that came twice count once', feedback?.labels === plan.distinct, `${feedback?.labels} labels counted, ${plan.distinct} different ones were sent`);
  const counts = { rows: report.candidate?.rows, positives: report.candidate?.positives, negatives: report.candidate?.negatives };
  check('customers, leavers and stayers are counted rightly', counts.rows === theirs.rows && counts.positives === theirs.positives && counts.negatives === theirs.negatives, `${counts.rows} = ${counts.positives} + ${counts.negatives}; offline ${theirs.rows} = ${theirs.positives} + ${theirs.negatives}`);
  const all = deviations(report, theirs).toSorted((a, b) => b.error - a.error);
  const worst = all[0]?.error ?? Number.POSITIVE_INFINITY;
  check('AUCs, variances and bounds are those of an offline computation, to 1e-9', worst <= LIMIT, `${all.length} numbers within ${worst.toExponential(1)} (${all[0]?.measure})`);
  check('the verdict is that of an offline computation', report.verdict === theirs.verdict, `${report.verdict} (${report.reason}): ${report.message}`);
  return {
    worst,
    evidence: ['| measure | here | numpy, scipy, scikit-learn | apart |', '| --- | --- | --- | --- |', ...all.toSorted((a, b) => a.measure.localeCompare(b.measure)).map(({ measure, ours, theirs: other, error }) => `| ${measure} | ${ours} | ${other} | ${error.toExponential(1)} |`)].join('\n'),
  };
}
