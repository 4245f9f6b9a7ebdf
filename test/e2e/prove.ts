import type { Check, Form } from './claim.ts';
import type { ClaimReport } from './console-report.ts';
import type { ClaimBasics, RunnableClaim } from './context.ts';
import { minutes, type Proof } from './evidence.ts';
import type { Alone } from './places.ts';

/** How a claim is run, and to whom it is told. */
export type ProveOptions = Readonly<{ form: Form; withTests: boolean; signal: AbortSignal; report: ClaimReport; afterwards: (work: Promise<void>) => void; alone: Alone }>;

/** Runs one claim to its end. Never rejects: a claim that throws has a check that failed. */
export async function prove(claim: RunnableClaim, options: ProveOptions): Promise<Proof> {
  const { report, form, withTests, signal, afterwards, alone } = options;
  const startedAt = new Date();
  const elapsed = (): string => minutes(Date.now() - startedAt.getTime()).replace(' min', '');
  const recorded: Check[] = [];
  const record = (check: Check): Check => {
    recorded.push(check);
    report.check(check);
    return check;
  };
  report.begin(claim.title);
  const basics: ClaimBasics = {
    form,
    withTests,
    signal,
    afterwards,
    alone,
    progress: (text: string) => report.progress(text, elapsed()),
    check: (name: string, passed: boolean, detail: string) => record({ name, passed, detail }),
  };
  let figure = 'it did not come to an end';
  let evidence = '';
  try {
    const outcome = await claim.run(basics);
    for (const check of outcome.checks) if (!recorded.includes(check)) record(check);
    if (recorded.length === 0) record({ name: 'something is checked', passed: false, detail: 'the claim looked at nothing' });
    figure = outcome.figure;
    evidence = outcome.evidence ?? '';
  } catch (thrown) {
    record({ name: 'runs to its end', passed: false, detail: thrown instanceof Error ? thrown.message : String(thrown) });
    if (thrown instanceof Error && thrown.stack !== undefined) report.progress(thrown.stack, elapsed());
  }
  const tookMs = Date.now() - startedAt.getTime();
  report.end(`${claim.name} (${form}, ${minutes(tookMs)}): ${figure}`);
  return { name: claim.name, title: claim.title, form, checks: recorded, figure, evidence, startedAt, tookMs };
}
