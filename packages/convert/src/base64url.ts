/**
 * Base64url without padding: what may stand in an Anthropic tool id and in a signature. Opaque reasoning of many kilobytes
 * goes through here with every request of a conversation, hence the tables.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4648#section-5
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const NOT_IN_ALPHABET = 64

/** The value of each ASCII character. */
const values: Uint8Array = /* @__PURE__ */ Uint8Array.from({ length: 128 }, (_, code) => {
  const value = ALPHABET.indexOf(String.fromCharCode(code))
  return value === -1 ? NOT_IN_ALPHABET : value
})

/** Encodes bytes. */
export function toBase64url(bytes: Uint8Array): string {
  const at = (index: number): number => bytes[index] ?? 0
  let text = ''
  for (let start = 0; start < bytes.length; start += 3) {
    const word = (at(start) << 16) | (at(start + 1) << 8) | at(start + 2)
    text += ALPHABET.charAt(word >>> 18) + ALPHABET.charAt((word >>> 12) & 63)
    text += ALPHABET.charAt((word >>> 6) & 63) + ALPHABET.charAt(word & 63)
  }
  return text.slice(0, Math.ceil((bytes.length * 4) / 3))
}

/** Encodes text as UTF-8. */
export function textToBase64url(text: string): string {
  return toBase64url(new TextEncoder().encode(text))
}

/** Decodes to text; `undefined` when `encoded` is not base64url of UTF-8. */
export function base64urlToText(encoded: string): string | undefined {
  if (encoded.length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((encoded.length * 3) / 4))
  let word = 0
  let bits = 0
  let filled = 0
  for (let at = 0; at < encoded.length; at += 1) {
    const value = values[encoded.charCodeAt(at)] ?? NOT_IN_ALPHABET
    if (value === NOT_IN_ALPHABET) return undefined
    word = ((word << 6) | value) & 0xfff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[filled] = word >>> bits
    filled += 1
  }
  return decodeStrictly(bytes)
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
