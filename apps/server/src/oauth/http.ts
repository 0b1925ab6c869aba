/** What the OAuth routes need to know of a request. Whoever mounts them has checked Host, Origin and the admin key. */
export interface RequestFacts {
  readonly method: string
  /** Path and query as they stood in the request line. */
  readonly url: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The body as text, bounded by the caller; empty when there is none. */
  readonly body: string
}

/** An answer, whole. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Nothing of OAuth may be kept by a cache on the way. */
const PRIVATE = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** An answer in JSON. */
export function jsonAnswer(status: number, body: object): Answer {
  return { status, headers: { ...PRIVATE, 'content-type': 'application/json' }, body: `${JSON.stringify(body)}\n` }
}

/** An answer that sends the browser on. */
export function redirectAnswer(location: string, headers: Readonly<Record<string, string>>): Answer {
  return { status: 302, headers: { ...PRIVATE, ...headers, location, 'referrer-policy': 'no-referrer' }, body: '' }
}

/** The value of a cookie, if the request has it. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}
