/**
 * SHA-256, pure and synchronous: ids are derived from it while a request is converted, and Web Crypto can only be awaited.
 *
 * Its inputs are ids, names and user ids, a few hundred bytes at most. It is not for content: see {@link contentTag}.
 *
 * @see https://csrc.nist.gov/pubs/fips/180-4/upd1/final
 */
export function sha256(text: string): Uint8Array {
  const state = Uint32Array.of(
    0x6a09e667,
    0xbb67ae85,
    0x3c6ef372,
    0xa54ff53a,
    0x510e527f,
    0x9b05688c,
    0x1f83d9ab,
    0x5be0cd19,
  )
  const blocks = new DataView(padded(new TextEncoder().encode(text)).buffer)
  const words = new Uint32Array(64)
  for (let at = 0; at < blocks.byteLength; at += 64) {
    expand(blocks, at, words)
    compress(state, words)
  }
  const digest = new DataView(new ArrayBuffer(32))
  for (const [index, word] of state.entries()) digest.setUint32(index * 4, word)
  return new Uint8Array(digest.buffer)
}

/** The digest in lower-case hexadecimal, 64 characters. */
export function sha256Hex(text: string): string {
  return Array.from(sha256(text), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * Six hexadecimal characters that stand for a content: a name by which a prompt can speak about a file, the same in every
 * request that holds the file. It is no security measure, and images are large, so this is FNV-1a and not a digest.
 *
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function contentTag(content: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < content.length; at += 1) hash = Math.imul(hash ^ content.charCodeAt(at), 0x01000193)
  // The low bits of FNV mix worst; fold the high ones in.
  return ((hash ^ (hash >>> 24)) & 0xffffff).toString(16).padStart(6, '0')
}

/** The message, a one bit, zeros, and the length in bits, to a multiple of 64 bytes. */
function padded(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const blocks = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64)
  blocks.set(message)
  blocks[message.length] = 0x80
  new DataView(blocks.buffer).setUint32(blocks.length - 4, message.length * 8)
  return blocks
}

function expand(blocks: DataView, at: number, words: Uint32Array): void {
  for (let index = 0; index < 16; index += 1) words[index] = blocks.getUint32(at + index * 4)
  for (let index = 16; index < 64; index += 1) {
    const w15 = words[index - 15] as number
    const w2 = words[index - 2] as number
    const s0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3)
    const s1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10)
    words[index] = ((words[index - 16] as number) + s0 + (words[index - 7] as number) + s1) | 0
  }
}

function compress(state: Uint32Array, words: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let round = 0; round < 64; round += 1) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const choice = (e & f) ^ (~e & g)
    const t1 = (h + s1 + choice + (ROUND_CONSTANTS[round] as number) + (words[round] as number)) | 0
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + s0 + majority) | 0
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index] = (state[index] as number) + word
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS: Uint32Array = /* @__PURE__ */ Uint32Array.from(
  /* @__PURE__ */ firstPrimes(64),
  (prime) => (Math.cbrt(prime) % 1) * 2 ** 32,
)

function firstPrimes(count: number): number[] {
  const primes: number[] = []
  for (let candidate = 2; primes.length < count; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate)
  }
  return primes
}
