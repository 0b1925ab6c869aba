/**
 * Decodes base64 without the runtime's help, from the start of a text and only as far as it is needed: an image says its
 * size in its first bytes, and may have megabytes of them.
 *
 * @param limitBytes decodes at most so many bytes.
 * @returns the bytes up to the limit, the end, or the first character that is not base64.
 */
export function decodeBase64(text: string, limitBytes: number): Uint8Array {
  const bytes = new Uint8Array(Math.min(limitBytes, Math.ceil((text.length / 4) * 3)))
  let length = 0
  let bits = 0
  let held = 0
  for (let at = 0; at < text.length && length < bytes.length; at += 1) {
    const value = sixBitsOf(text.charCodeAt(at))
    if (value === SKIP) continue
    if (value === END) break
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[length] = (held >> bits) & 0xff
    length += 1
  }
  return bytes.subarray(0, length)
}

/** How many bytes base64 text of this length stands for. */
export function decodedLength(text: string): number {
  return Math.floor((text.length * 3) / 4)
}

const SKIP = -1
const END = -2

/** The six bits of a character of either alphabet; line breaks are stepped over. */
function sixBitsOf(code: number): number {
  if (code >= 0x41 && code <= 0x5a) return code - 0x41
  if (code >= 0x61 && code <= 0x7a) return code - 0x61 + 26
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 52
  if (code === 0x2b || code === 0x2d) return 62
  if (code === 0x2f || code === 0x5f) return 63
  return code === 0x0a || code === 0x0d ? SKIP : END
}
