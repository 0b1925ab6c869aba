/**
 * Header lists as Node and undici hand them out: name, value, name, value… A list keeps order, case and repetition, and
 * costs nothing to pass on; a lookup by lower-case name is made only where something is looked up.
 */
export type RawHeaders = readonly string[]

/** The values of `raw` by lower-case name; a repeated header's values are joined by `, `. No prototype: any name is safe. */
export function lookupHeaders(raw: RawHeaders): Record<string, string> {
  const found: Record<string, string> = Object.create(null)
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase()
    const value = raw[index + 1] as string
    const before = found[name]
    found[name] = before === undefined ? value : `${before}, ${value}`
  }
  return found
}

/**
 * Headers that concern one connection only and are never passed on, in either direction, beside those that a `Connection`
 * header names.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
 */
export const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The lower-case names that the `Connection` header declares hop-by-hop. */
export function connectionNames(raw: RawHeaders): readonly string[] {
  const names: string[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if ((raw[index] as string).toLowerCase() !== 'connection') continue
    for (const name of (raw[index + 1] as string).split(',')) names.push(name.trim().toLowerCase())
  }
  return names
}
