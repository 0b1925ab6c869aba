const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * Bytes as base64url text without padding, the form that PKCE and JWTs use.
 *
 * Written out because a pure package has no `Buffer` and no `btoa`.
 * @see https://www.rfc-editor.org/rfc/rfc4648#section-5
 */
export function encodeBase64Url(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    const letters = Math.min(4, bytes.length - at + 1)
    for (let letter = 0; letter < letters; letter += 1) text += ALPHABET.charAt((group >> (18 - 6 * letter)) & 63)
  }
  return text
}

/** The bytes behind base64url text, padded or not; `undefined` when a letter does not belong to the alphabet. */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  const letters = text.replace(/=+$/, '')
  if (letters.length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((letters.length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (const letter of letters) {
    const value = ALPHABET.indexOf(letter)
    if (value === -1) return undefined
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[at] = (held >> bits) & 0xff
    at += 1
  }
  return bytes
}
