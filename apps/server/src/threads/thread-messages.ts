/** A question to one of lb's threads. `id`: comes back with the answer. */
export interface ThreadAsk {
  readonly kind: string
  readonly id: number
}

/** A question of one kind. */
export type Asked<Ask extends ThreadAsk, Kind extends Ask['kind']> = Extract<Ask, { readonly kind: Kind }>

/** A question before it has its number. */
export type Question<Ask extends ThreadAsk, Kind extends Ask['kind']> = Omit<Asked<Ask, Kind>, 'id'> & {
  readonly kind: Kind
}

/** What questions are answered with, by kind. */
export type Answers<Ask extends ThreadAsk> = { readonly [Kind in Ask['kind']]: unknown }

/** An answer. With `error`, it went wrong. */
export interface ThreadTell {
  readonly id: number
  readonly answer: unknown
  readonly error?: ThreadProblem
}

/** What went wrong. `code`: a library's or the system's word for it, or empty. */
export interface ThreadProblem {
  readonly message: string
  readonly code: string
}

/** Told to a thread instead of a question: it is to end. */
export const END = { kind: 'end-of-thread' } as const

/** Whether a message is {@link END}. */
export function isEnd(message: unknown): boolean {
  return (message as Partial<typeof END> | null)?.kind === END.kind
}
