/** What became of one place in the file. */
export type Reading<T> =
  | { readonly kind: 'value'; readonly value: T }
  /** Nothing is there, so the default counts. */
  | { readonly kind: 'absent' }
  /** Something else is there than there must be; it has been reported. */
  | { readonly kind: 'wrong' }

export const absent: { readonly kind: 'absent' } = { kind: 'absent' }
export const wrong: { readonly kind: 'wrong' } = { kind: 'wrong' }

export function found<T>(value: T): { readonly kind: 'value'; readonly value: T } {
  return { kind: 'value', value }
}
