import { describe, expect, test } from 'vitest'
import { mayHoldCarrier } from './carrier-search.ts'

const filler = 'A signature, "JSON", lb, 1.0 '.repeat(5000)

describe('a body', () => {
  test.each([
    ['deepseek', 'text'],
    ['openai-responses', 'item'],
    ['', 'sig'],
  ])('with a carrier of %s is found, at any length', (p, k) => {
    const carrier = `lb1.${Buffer.from(JSON.stringify({ v: 1, p, k })).toString('base64url')}`
    expect(mayHoldCarrier(Buffer.from(`"signature":"${carrier}"`))).toBe(true)
    expect(mayHoldCarrier(Buffer.from(`${filler}"signature":"${carrier}"${filler}`))).toBe(true)
  })

  test('without one is not', () => {
    expect(mayHoldCarrier(Buffer.from(filler))).toBe(false)
    expect(mayHoldCarrier(Buffer.from('{"signature":"EqQB"}'))).toBe(false)
  })

  test('with something made up in lb’s name is found while it is small', () => {
    expect(mayHoldCarrier(Buffer.from('{"signature":"lb1.x"}'))).toBe(true)
    expect(mayHoldCarrier(Buffer.from(`{"signature":"lb1.x"}${filler}`))).toBe(false)
  })
})
