import type { Check } from './claim.ts';

/** Where lines go: `out` holds what is counted and read later, `progress` what a person watches meanwhile. */
export type Lines = Readonly<{ out: (line: string) => void; progress: (line: string) => void }>;

/** How the run of one claim is told. */
export type ClaimReport = Readonly<{
  begin: (title: string) => void;
  check: (check: Check) => void;
  progress: (text: string, elapsed: string) => void;
  /** The claim is over: whatever was held back is shown, in one piece. */
  end: (last: string) => void;
}>;

/** A claim by itself: every line at once. */
export function aloneReport(name: string, lines: Lines): ClaimReport {
  return {
    begin: (title) => lines.out(`\n${name}: ${title}`),
    check: (check) => lines.out(lineOf(check)),
    progress: (text, elapsed) => lines.progress(`  [${elapsed}] ${text}`),
    end: lines.out,
  };
}

/** A claim beside others: checks are held back until its end, progress bears its name, and a failure is told at once, too. */
export function groupedReport(name: string, lines: Lines): ClaimReport {
  const held: string[] = [];
  return {
    begin: (title) => held.push(`\n${name}: ${title}`),
    check: (check) => {
      held.push(lineOf(check));
      if (!check.passed) lines.progress(`  ${name}: ${lineOf(check).trim()}`);
    },
    progress: (text, elapsed) => lines.progress(`  [${elapsed}] ${name}: ${text}`),
    end: (last) => lines.out([...held, last].join('\n')),
  };
}

function lineOf({ name, passed, detail }: Check): string {
  return `  ${passed ? 'ok    ' : 'FAILED'}  ${name}${detail === '' ? '' : `: ${detail}`}`;
}
