/** The environment: names and values, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The text with its variables filled in, or the reason why that cannot be done. */
export type Substitution =
  | { readonly kind: 'text'; readonly text: string /** Whether anything was filled in. */; readonly computed: boolean }
  | { readonly kind: 'unset'; readonly names: readonly string[] }
  | { readonly kind: 'malformed' }

/**
 * Fills in `${NAME}` and `${NAME:-default}`; the default also stands in for a variable that is set but empty, as in a
 * shell. `$${` is a literal `${`; every other dollar sign is itself, so that passwords and patterns need no escapes.
 *
 * This works on single values after the YAML was parsed, so a variable can never add a key or a line.
 */
export function substitute(text: string, env: Environment): Substitution {
  let result = ''
  let computed = false
  const unset: string[] = []
  let from = 0
  for (let at = text.indexOf('${'); at !== -1; at = text.indexOf('${', from)) {
    if (text[at - 1] === '$' && at > from) {
      result += `${text.slice(from, at - 1)}\${`
      from = at + 2
      continue
    }
    const end = text.indexOf('}', at)
    const reference = /^([A-Za-z_]\w*)(:-(.*))?$/s.exec(text.slice(at + 2, end === -1 ? at + 2 : end))
    if (reference === null || reference[3]?.includes('${') === true) return { kind: 'malformed' }
    const name = String(reference[1])
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (value === undefined && reference[2] === undefined) unset.push(name)
    result += text.slice(from, at) + ((value === '' ? undefined : value) ?? reference[3] ?? '')
    computed = true
    from = end + 1
  }
  if (unset.length > 0) return { kind: 'unset', names: unset }
  return { kind: 'text', text: result + text.slice(from), computed }
}
