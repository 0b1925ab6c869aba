/** The parsed URL, or `undefined` where the constructor would throw. */
function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** Whether `text` is an absolute URL with a host. */
export function isUrl(text: string): boolean {
  const url = parseUrl(text)
  return url !== undefined && url.hostname !== ''
}

/** Whether a URL carries a user name or a password. */
export function hasCredentials(text: string): boolean {
  const url = parseUrl(text)
  return url !== undefined && (url.username !== '' || url.password !== '')
}

/** Origin and path, without slashes at the end, for {@link isUrl} texts. */
export function plainUrl(text: string): string {
  const url = new URL(text)
  return url.origin + withoutEnd(url.pathname, '/')
}

/** `text` without repetitions of `end` at its end. A loop, because `/\/+$/` is quadratic on hostile texts. */
export function withoutEnd(text: string, end: string): string {
  let length = text.length
  while (length > 0 && text.endsWith(end, length)) length -= end.length
  return text.slice(0, length)
}
