/** What a browser says about where a request comes from. By lower-case name, as Node hands headers out. */
export interface BrowserHeaders {
  readonly origin?: string | undefined
  readonly 'sec-fetch-site'?: string | string[] | undefined
  readonly 'sec-fetch-mode'?: string | string[] | undefined
  readonly 'sec-fetch-dest'?: string | string[] | undefined
}

/**
 * Whether a request was made by a page that is not lb's own. A page of any site can make the user's browser send requests
 * to 127.0.0.1, without asking and with a body of its choice; that it cannot read the answer does not help when the
 * request itself spends money or changes something.
 *
 * Programs send neither header. A page of lb's own sends its own origin, a typed address `none`. Another port of this machine
 * is another origin: `same-site` is foreign, too.
 *
 * @param host the request's `Host`, already known to be one of ours.
 * @param byLink whether a link on a page of another site may lead here. Then a navigation of the whole window passes.
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function isFromForeignPage(headers: BrowserHeaders, host: string, byLink: boolean): boolean {
  const site = headers['sec-fetch-site']
  if (headers.origin !== undefined && !isSameOrigin(headers.origin, host)) return true
  if (site === undefined || site === 'same-origin' || site === 'none') return false
  const isNavigation = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  return !(byLink && isNavigation && headers.origin === undefined)
}

/** Behind a reverse proxy the browser speaks `https` and lb does not, so the scheme is not compared. */
function isSameOrigin(origin: string, host: string): boolean {
  const lower = origin.toLowerCase()
  const name = host.toLowerCase()
  return lower === `http://${name}` || lower === `https://${name}`
}
