/** What every secret prints. */
const masked = '***'

/**
 * A text that must not be seen: a key, a token, a URL with a password.
 *
 * Every way in which a program prints, joins, serialises or clones a value shows `***`; the text comes out of
 * {@link Secret.reveal} only, so `grep reveal` lists every place that can leak one. The text lives in a private field,
 * which is not a property: `Object.keys`, `JSON.stringify`, `structuredClone`, a debugger's preview and a deep-equal
 * assertion do not reach it.
 *
 * @example
 *   const key = new Secret('sk-1')
 *   `${key}`      // → '***'
 *   key.reveal()  // → 'sk-1'
 */
export class Secret {
  readonly #text: string

  /** The one own property, so that a structural clone (which drops the class and the private field) still shows stars. */
  readonly secret: string = masked

  constructor(text: string) {
    this.#text = text
    // What Node's `util.inspect` and `console.log` ask for first.
    Object.defineProperty(this, Symbol.for('nodejs.util.inspect.custom'), { value: () => masked })
    Object.freeze(this)
  }

  /** The text itself. Call it where the text is sent, and keep the result nowhere. */
  reveal(): string {
    return this.#text
  }

  /** Number of UTF-16 units; known without revealing the text, to judge whether a key can be guessed. */
  get length(): number {
    return this.#text.length
  }

  /**
   * Whether both hold the same text. `===` compares identities and `===` on revealed texts stops at the first difference,
   * which can be timed; this looks at every unit. (A front door should compare digests of fixed length instead.)
   */
  equals(other: Secret): boolean {
    const a = this.#text
    const b = other.#text
    let difference = a.length ^ b.length
    for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i % (b.length || 1))
    return difference === 0
  }

  /** `***`: also what string templates, `String()` and concatenation use. */
  toString(): string {
    return masked
  }

  /** `***`: what `JSON.stringify` and loggers use. */
  toJSON(): string {
    return masked
  }
}
