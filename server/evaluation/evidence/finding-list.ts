/** What does not hold. `Missing`: it cannot be looked at any more, as when retention deleted it; nothing says that it was changed. */
export type Finding = Readonly<{ state: 'Changed' | 'Missing'; what: string; message: string }>;

/** Most findings of a state that are listed: retention may have deleted a hundred thousand inputs. */
export const MAX_FINDINGS = 100;

/** Collects findings; however many things are missing, what was changed is among them. */
export class FindingList {
  readonly #found: Record<Finding['state'], Finding[]> = { Changed: [], Missing: [] };

  add(...findings: readonly Finding[]): void {
    for (const finding of findings) {
      const alike = this.#found[finding.state];
      if (alike.length < MAX_FINDINGS) alike.push(finding);
    }
  }

  /** The first ones, changes before what is missing. */
  list(): readonly Finding[] {
    return [...this.#found.Changed, ...this.#found.Missing];
  }

  /** `Verified` where nothing speaks against the verdict, and everything could be looked at. */
  outcome(): 'Verified' | 'Changed' | 'Incomplete' {
    if (this.#found.Changed.length > 0) return 'Changed';
    return this.#found.Missing.length > 0 ? 'Incomplete' : 'Verified';
  }
}
