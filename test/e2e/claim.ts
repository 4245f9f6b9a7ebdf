/** How thorough a run is: `short` in `hack/test` and CI, `full` in `hack/prove`. */
export type Form = 'short' | 'full';

/** One thing that was looked at. `detail` says what was seen, with figures, whether it passed or not. */
export type Check = Readonly<{ name: string; passed: boolean; detail: string }>;

/** What a claim found. It holds when every check passed, and there is at least one. */
export type ClaimOutcome = Readonly<{
  checks: readonly Check[];
  /** The figure that the claim is known by: printed last and written into the evidence. */
  figure: string;
  /** Markdown for the evidence: tables, conditions of the run. */
  evidence?: string;
}>;

/**
 * What a claim in short form needs around it. `quiet`: nothing beside it, because it takes operator, API server or store away, counts what
 * all of them do, or measures. `shared`: it keeps to its own namespace and prefix, so that others may run at the same time, but for what it
 * does `alone`. `processor`: it needs no cluster.
 */
export type Needs = 'quiet' | 'shared' | 'processor';

/** Something the project says of itself, and how it is shown on a real cluster. */
export type Claim<Context> = Readonly<{
  name: string;
  /** A sentence: what is claimed. */
  title: string;
  /** Default `quiet`. */
  needs?: Needs;
  run: (context: Context) => Promise<ClaimOutcome>;
}>;
