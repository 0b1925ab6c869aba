import { toBase64url } from '../base64url.ts'

/** What a data URL holds. */
export interface DataUrl {
  /** In lower case, without parameters. */
  readonly mediaType: string
  readonly base64: string
}

/**
 * Reads a data URL as loosely as browsers do: parameters, upper case, white space in the data, percent-encoded text instead
 * of base64.
 *
 * @see https://www.rfc-editor.org/rfc/rfc2397
 */
export function parseDataUrl(url: string): DataUrl | undefined {
  if (!/^data:/i.test(url)) return undefined
  const comma = url.indexOf(',')
  if (comma === -1) return undefined
  const [type = '', ...parameters] = url.slice('data:'.length, comma).split(';')
  const mediaType = type.trim().toLowerCase() || 'text/plain'
  const data = url.slice(comma + 1)
  const isBase64 = parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64')
  const base64 = isBase64 ? cleaned(data) : encoded(data)
  return base64 === undefined ? undefined : { mediaType, base64 }
}

/** Most data has no white space, and may be megabytes long: it is not copied then. */
function cleaned(data: string): string {
  const plain = data.includes('%') ? (decoded(data) ?? data) : data
  return /\s/.test(plain) ? plain.replace(/\s+/g, '') : plain
}

function encoded(data: string): string | undefined {
  const text = decoded(data)
  return text === undefined ? undefined : textToBase64(text)
}

function decoded(data: string): string | undefined {
  try {
    return decodeURIComponent(data)
  } catch {
    return undefined
  }
}

/** Base64 with padding, of a text in UTF-8. */
export function textToBase64(text: string): string {
  const bare = toBase64url(new TextEncoder().encode(text)).replaceAll('-', '+').replaceAll('_', '/')
  return bare + '='.repeat((4 - (bare.length % 4)) % 4)
}
