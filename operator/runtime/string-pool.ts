/** Longer texts are mostly messages, and hardly two are alike. */
const MAX_CHARACTERS = 128;

/**
 * Keeps one copy of a text that objects of the API server say again and again: kinds, names, images, paths. JSON.parse makes a new one each
 * time, and thousands of objects of a thousand models are a quarter smaller without (claim `scale`).
 */
export class StringPool {
  readonly #limit: number;
  readonly #texts = new Map<string, string>();

  /** @param limit most texts that are remembered; then all are forgotten, and the common ones are soon back */
  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  /** Texts that are remembered. */
  get size(): number {
    return this.#texts.size;
  }

  /** Puts the remembered copy in place of each text in a JSON value that may still be changed, and returns the value. */
  share<V>(value: V): V {
    if (typeof value !== 'object' || value === null) return value;
    // Of an object or an array alike.
    const fields: Record<string, unknown> = Object(value);
    for (const [name, inner] of Object.entries(fields)) {
      if (typeof inner !== 'string') this.share(inner);
      else if (inner.length <= MAX_CHARACTERS) fields[name] = this.#known(inner);
    }
    return value;
  }

  #known(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= this.#limit) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}
