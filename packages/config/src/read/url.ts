/** The parsed URL, or `undefined` where the constructor would throw. */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** Whether `text` is an absolute http or https URL with the slashes that the parser would forgive. */
export function isHttpUrl(text: string): boolean {
  return /^\s*https?:\/\//i.test(text) && parseUrl(text) !== undefined
}

/** Whether `text` is the URL of an outbound proxy. */
export function isProxyUrl(text: string): boolean {
  return /^\s*(https?|socks5):\/\//i.test(text) && parseUrl(text)?.hostname.length !== 0 && parseUrl(text) !== undefined
}

/** Whether a URL carries a user name or a password. */
export function hasCredentials(text: string): boolean {
  const url = parseUrl(text)
  return url !== undefined && (url.username !== '' || url.password !== '')
}

/** Origin and path, without slashes at the end, for {@link isHttpUrl} texts. */
export function plainUrl(text: string): string {
  const url = new URL(text)
  return url.origin + withoutEnd(url.pathname, '/')
}

/** `text` without repetitions of `end` at its end. A loop, because `/\/+$/` is quadratic on hostile texts. */
export function withoutEnd(text: string, end: string): string {
  let length = text.length
  while (text.endsWith(end, length) && length > 0) length -= end.length
  return text.slice(0, length)
}
