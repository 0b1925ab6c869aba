/**
 * A request target is accepted in one spelling only: the one that every parser on the way reads alike. Then the path that
 * is authorised, the path that is routed and the path that a reverse proxy in front saw are the same text, and there is
 * nothing to normalise. What has a second reading (`//`, `..`, `%2e`, `%2f`, `\`, absolute form, a fragment) is refused.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-4.2.3
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */

/** Whole segments between single slashes, one slash allowed at the end. */
const plainPath = /^\/(?:[\w\-.~!$&'()*+,;=:@]+\/)*[\w\-.~!$&'()*+,;=:@]*$/
const dotSegment = /\/\.{1,2}(?:\/|$)/
/** Printable ASCII without `#`, which would end the query for some. */
const plainQuery = /^[!-"$-~]*$/
/**
 * Where a segment may hold a slash: OpenAI's client writes `anthropic/claude` as `anthropic%2Fclaude`, and so does every
 * client that puts a provider's name into a path. All that is below one of these asks for the same key.
 */
const namePaths = ['/v1/models/', '/providers/']

/**
 * What is wrong with a request target, in words for the client.
 *
 * @param target as it stood in the request line.
 * @returns `undefined` when it is what it seems to be.
 */
export function targetProblem(target: string): string | undefined {
  if (!target.startsWith('/')) return 'The request target must be a path that begins with one "/".'
  const queryStart = target.indexOf('?')
  const path = queryStart === -1 ? target : target.slice(0, queryStart)
  if (queryStart !== -1 && !plainQuery.test(target.slice(queryStart + 1)))
    return 'The query of the request target holds characters that must be percent-encoded.'
  if (path.includes('%')) return encodedPathProblem(path)
  return plainPathProblem(path)
}

function plainPathProblem(path: string): string | undefined {
  if (!plainPath.test(path)) return 'The path must not hold empty segments, or characters that must be percent-encoded.'
  if (dotSegment.test(path)) return 'The path must not hold "." or ".." segments.'
  return undefined
}

function encodedPathProblem(path: string): string | undefined {
  const withoutCodes = path.replace(/%([0-9A-Fa-f]{2})/g, (code, hex: string) => {
    const byte = Number.parseInt(hex, 16)
    if (byte === 0x2f) return namePaths.some((start) => path.startsWith(start)) ? 'x' : code
    return needsEncoding(byte) ? 'x' : code
  })
  if (withoutCodes.includes('%'))
    return 'The path holds a percent-encoding that has a plainer spelling, or more than one reading.'
  if (!isUtf8(path)) return 'The path is not UTF-8.'
  return plainPathProblem(withoutCodes)
}

/**
 * Whether a byte can only be written encoded, and means the same to everybody once it is decoded. Letters, digits and `-._~`
 * have a plainer spelling; a control character, `%` (encoded twice) and `\` (a slash to some) have a second meaning.
 */
function needsEncoding(byte: number): boolean {
  if (byte < 0x20 || byte === 0x7f || byte === 0x25 || byte === 0x5c) return false
  return byte > 0x7f || !/[\w\-.~]/.test(String.fromCharCode(byte))
}

/** An overlong encoding of `/` is the oldest trick of all. */
function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
