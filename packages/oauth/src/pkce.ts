import { encodeBase64Url } from './base64url.ts'

/** How many random bytes a verifier and a state are made of: 256 bits, which gives the 43 letters RFC 7636 asks for at least. */
export const SECRET_BYTES = 32

/**
 * The code verifier of PKCE: the secret that ties the code to whoever started the login.
 *
 * @param random {@link SECRET_BYTES} or more bytes from a cryptographic source. 32 bytes give 43 letters.
 * @throws on fewer bytes: a guessable verifier is a bug of the caller.
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.1
 */
export function pkceVerifier(random: Uint8Array): string {
  if (random.length < SECRET_BYTES) throw new Error(`a verifier needs ${SECRET_BYTES} random bytes`)
  return encodeBase64Url(random)
}

/**
 * The code challenge (method `S256`) that belongs to a verifier.
 *
 * @param digest the SHA-256 of the verifier's ASCII letters, 32 bytes. Hashing is the caller's: it needs a runtime.
 * @throws when it is not 32 bytes long: that is not a SHA-256.
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.2
 */
export function pkceChallenge(digest: Uint8Array): string {
  if (digest.length !== 32) throw new Error('a challenge is made of a SHA-256 digest of 32 bytes')
  return encodeBase64Url(digest)
}

/**
 * Whether two secrets are equal, in a time that does not depend on where they differ.
 *
 * The length may show: states and keys of one kind all have the same.
 */
export function sameSecret(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let at = 0; at < a.length; at += 1) {
    // Past the end `charCodeAt` is NaN, which counts as 0: the length has already made the answer "no".
    difference |= a.charCodeAt(at) ^ b.charCodeAt(at)
  }
  return difference === 0
}
