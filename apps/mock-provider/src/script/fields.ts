import * as v from 'valibot'
import { nearest } from './nearest.ts'

/**
 * An object with these fields and no others, whose messages say what to write instead: valibot's own say only what it did not
 * expect.
 */
export function fields<const E extends v.ObjectEntries>(
  entries: E,
): v.StrictObjectSchema<E, v.ErrorMessage<v.StrictObjectIssue>> {
  const known = Object.keys(entries)
  return v.strictObject(entries, (issue) => {
    const name = String(issue.path?.at(-1)?.key ?? '')
    if (issue.path === undefined) return `expected fields (${known.join(', ')}), found ${issue.received}`
    if (issue.expected !== 'never') return `the field \`${name}\` is missing`
    const guess = nearest(name, known)
    return guess === undefined
      ? `unknown field \`${name}\`; known are ${known.join(', ')}`
      : `unknown field \`${name}\`; did you mean \`${guess}\`?`
  })
}

/** One of some names, with a guess at a misspelt one. `known`: names that exist, but not here, and what to do instead. */
export function oneOf<const N extends readonly string[]>(
  names: N,
  what = 'value',
  known: { readonly names: readonly string[]; readonly instead: string } = { names: [], instead: '' },
): v.PicklistSchema<N, (issue: v.PicklistIssue) => string> {
  return v.picklist(names, ({ input }) => {
    if (known.names.includes(String(input))) return `\`${String(input)}\` ${known.instead}`
    const guess = nearest(String(input), names)
    if (guess !== undefined) return `there is no ${what} \`${String(input)}\`; did you mean \`${guess}\`?`
    return names.length > 12 ? `there is no ${what} \`${String(input)}\`` : `expected one of ${names.join(', ')}`
  })
}
