import type { ByteStreamConverter } from '../src/index.ts'

/** How many random cuttings of one stream are tried. Many more with `LB_LONG` set. */
export const cuttings: number = process.env['LB_LONG'] ? 200 : 8

/** Streams up to this length are cut at every byte. */
export const shortBytes: number = process.env['LB_LONG'] ? 4000 : 900

/** A source of numbers that looks random and is the same for the same seed. @see https://prng.di.unimi.it/splitmix64.c */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}

/** The bytes in pieces: cut at a few places, or nearly everywhere. */
export function cutAtRandom(bytes: Uint8Array, random: () => number): readonly Uint8Array[] {
  const mean = [7, 60, 900][Math.floor(random() * 3)] ?? 60
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + Math.floor(random() * 2 * mean)
    pieces.push(bytes.subarray(at, end))
    at = end
  }
  return pieces
}

const decoder = new TextDecoder()

/** All that comes out when the pieces go in. */
export function through(stream: ByteStreamConverter, pieces: readonly Uint8Array[]): string {
  const out = pieces.map((piece) => decoder.decode(stream.push(piece)))
  return out.join('') + decoder.decode(stream.end())
}

/** For tests that run over all of the corpus: a busy machine must not make them fail. */
export const patient: { readonly timeout: number } = { timeout: 300_000 }
