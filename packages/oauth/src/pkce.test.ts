import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { pkceChallenge, pkceVerifier, sameSecret } from './pkce.ts'

test('the example of RFC 7636 appendix B comes out', () => {
  const random = Uint8Array.from([
    116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191, 240, 91,
    88, 5, 88, 83, 132, 141, 121,
  ])
  const verifier = pkceVerifier(random)
  expect(verifier).toBe('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')
  const digest = createHash('sha256').update(verifier).digest()
  expect(pkceChallenge(digest)).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
})

test('a verifier of too little chance, and a digest that is no SHA-256, are bugs of the caller', () => {
  expect(() => pkceVerifier(new Uint8Array(31))).toThrow('32 random bytes')
  expect(() => pkceChallenge(new Uint8Array(20))).toThrow('32 bytes')
})

test('secrets are the same only when every letter is', () => {
  expect(sameSecret('abc', 'abc')).toBe(true)
  expect(sameSecret('', '')).toBe(true)
  for (const [a, b] of [
    ['abc', 'abd'],
    ['abc', 'ab'],
    ['ab', 'abc'],
    ['', 'a'],
    ['xbc', 'abc'],
  ] as const) {
    expect(sameSecret(a, b)).toBe(false)
  }
})
