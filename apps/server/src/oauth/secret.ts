/**
 * A text that must not be seen. It prints as `***` wherever values are turned into text by accident (templates, JSON, logs,
 * `console`, a crash's dump of an error's members: a `#private` is shown by none); only {@link reveal} gives it, and that
 * word is easy to search for.
 */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text itself. For the one line that needs it. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return '***'
  }

  toJSON(): string {
    return '***'
  }
}
