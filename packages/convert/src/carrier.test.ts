import { describe, expect, test } from 'vitest'
import { textToBase64url } from './base64url.ts'
import { type Carrier, decodeCarrier, detailsWithTexts, encodeCarrier, isCarrier } from './carrier.ts'

describe('the carrier', () => {
  test.each<Carrier>([
    { v: 1, p: 'deepseek', k: 'text' },
    { v: 1, p: 'openrouter', k: 'details', d: [{ type: 'reasoning.text', text: 4, signature: 'ü' }] },
    { v: 1, p: 'openai', k: 'item', d: { id: 'rs_1', encrypted_content: 'gAAA', summary: [] } },
    { v: 1, p: 'gemini-compat', k: 'sig', d: null },
  ])('comes back as it went: %j', (carrier) => {
    const signature = encodeCarrier(carrier)
    expect(signature).toMatch(/^lb1\.[\w-]+$/)
    expect(decodeCarrier(signature)).toEqual(carrier)
  })

  test('says plainly what it is', () => {
    expect(isCarrier('lb1.')).toBe(true)
    expect(['EqQBCgIYAhIM', 'lb2.x', '', 'xlb1.'].some(isCarrier)).toBe(false)
  })

  const forged = (text: string): string => `lb1.${textToBase64url(text)}`
  test.each([
    ['EqQBCgIYAhIM'],
    ['lb1.'],
    ['lb1.!'],
    ['lb1.A'],
    [forged('{')],
    [forged('[]')],
    [forged('{"v":2,"p":"x","k":"text"}')],
    [forged('{"v":1,"p":1,"k":"text"}')],
    [forged('{"v":1,"p":"x","k":"other"}')],
    [forged('{"v":1,"p":"x"}')],
  ])('of somebody else, or damaged, is none: %s', (signature) => {
    expect(decodeCarrier(signature)).toBeUndefined()
  })

  test('is as long as its payload: about forty bytes without one', () => {
    expect(encodeCarrier({ v: 1, p: 'deepseek', k: 'text' }).length).toBeLessThan(60)
  })
})

test('texts are put back into the entries that had them', () => {
  const entries = [{ type: 'a', text: 2 }, 'x', { type: 'b', summary: 3, text: 'kept' }, { type: 'c' }, { text: 9 }]
  expect(detailsWithTexts(entries, 'ababcz')).toEqual([
    { type: 'a', text: 'ab' },
    { type: 'b', summary: 'abc', text: 'kept' },
    { type: 'c' },
    { text: 'z' },
  ])
})
