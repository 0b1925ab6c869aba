/**
 * Several draws out of one. A `Moment` carries a single roll; a decision that needs more of them spins this generator
 * from it, so that the same moment decides the same way again (mulberry32).
 *
 * @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export function draws(roll: number): () => number {
  let seed = Math.floor(roll * 2 ** 32) | 0
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A number in [0, 1) that depends on `text` alone: 32-bit FNV-1a, finished so that near texts land far apart. */
export function hashUnit(text: string): number {
  return unitOf(hashOf(text))
}

/** The hash of a text, to be finished by {@link unitOf}; of a text that follows another one, if `begun` is that one's hash. */
export function hashOf(text: string, begun: number = 0x811c9dc5): number {
  let hash = begun
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

/** The number in [0, 1) of a hash. */
export function unitOf(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
}
