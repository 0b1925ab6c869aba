/**
 * Across a pure boundary nothing throws because of data: a function that can fail returns a `Result`.
 *
 * @example
 *   const parsed = parseJson(text)
 *   if (!parsed.ok) return err(parsed.error)
 *   use(parsed.value)
 */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E }

/** A success that carries `value`. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

/** A failure that carries `error`. */
export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error }
}

/**
 * Ends a `switch` over a union: a case that was forgotten does not typecheck.
 *
 * @throws always; reaching it at run time is a bug of ours, never a property of the data.
 */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${String(value)}`)
}
