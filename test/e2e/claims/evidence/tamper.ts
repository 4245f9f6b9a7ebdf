import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { evidenceDigest, evidenceText } from '../../../../server/evaluation/evidence/evidence-text.ts';
import { ObjectUrls } from '../../../../server/evaluation/evidence/object-urls.ts';
import { verifyEvidence, type Verification } from '../../../../server/evaluation/evidence/verify-evidence.ts';

/** One change, and whether it was noticed and by which name. */
export type Tampered = Readonly<{ file: string; change: string; noticed: boolean; named: boolean; said: string }>;

/** Verifies evidence in a folder, in this process: one of thousands. */
export class Verifier {
  readonly #repository: string;
  readonly #signal: AbortSignal;

  constructor(repository: string, signal: AbortSignal) {
    this.#repository = repository;
    this.#signal = signal;
  }

  async verify(url: string, sha256: string | undefined): Promise<Verification> {
    const urls = new ObjectUrls({ CHURNOPS_REPOSITORY: this.#repository }, { totalMs: 10_000, baseMs: 100, maxMs: 1000, signal: this.#signal });
    try {
      return await verifyEvidence(url, { urls, sha256 });
    } finally {
      urls.close();
    }
  }

  /** Changes one bit of the byte at `at`, verifies, and puts it back. @param sha256 undefined: whoever verifies knows nothing but the files */
  async changeByte(evidenceUrl: string, url: string, at: number, sha256: string | undefined): Promise<Tampered> {
    const path = fileURLToPath(url);
    const whole = await readFile(path);
    const changed = Buffer.from(whole);
    changed[at] = (whole[at] ?? 0) ^ 1;
    return this.#tampered({ evidenceUrl, url, path, whole, changed, change: `byte ${at} of ${whole.length}`, names: [url], sha256 });
  }

  /**
   * Writes the evidence anew as somebody would who wants another verdict, with a digest that fits: only the pairs speak against it.
   * @param forge changes the parsed evidence
   */
  async forge(evidenceUrl: string, field: string, forge: (report: Record<string, unknown>) => void): Promise<Tampered> {
    const path = fileURLToPath(evidenceUrl);
    const whole = await readFile(path);
    const { digest: _, ...rest }: { digest?: unknown; report: Record<string, unknown> } = JSON.parse(whole.toString('utf8'));
    forge(rest.report);
    const changed = Buffer.from(evidenceText({ ...rest, digest: evidenceDigest(rest) }));
    return this.#tampered({ evidenceUrl, url: evidenceUrl, path, whole, changed, change: `${field}, with a digest that fits`, names: [`report.${field}`], sha256: undefined });
  }

  async #tampered(input: Readonly<{ evidenceUrl: string; url: string; path: string; whole: Buffer; changed: Buffer; change: string; names: readonly string[]; sha256: string | undefined }>): Promise<Tampered> {
    const { evidenceUrl, url, path, whole, changed, change, names, sha256 } = input;
    await writeFile(path, changed);
    try {
      const { outcome, findings } = await this.verify(evidenceUrl, sha256);
      const named = findings.find(({ what }) => names.some((name) => what === name || what.startsWith(`${name}.`)));
      return { file: url, change, noticed: outcome === 'Changed', named: named !== undefined, said: findings.map(({ what, message }) => `${what} ${message}`).join('; ') };
    } finally {
      await writeFile(path, whole);
    }
  }
}
