import { format, inspect } from 'node:util'
import { serialize } from 'node:v8'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Secret } from './secret.ts'

const secret = new Secret('canary-text')

test('a secret shows its text only when it is revealed', () => {
  expect(secret.reveal()).toBe('canary-text')
  expect(secret.length).toBe(11)
})

test('every way to print a secret prints stars', () => {
  expect(`${secret}`).toBe('***')
  expect(String(secret)).toBe('***')
  expect(`a${secret}`).toBe('a***')
  expect([secret].join()).toBe('***')
  expect(JSON.stringify({ secret })).toBe('{"secret":"***"}')
  expect(inspect(secret)).toBe('***')
  expect(inspect({ deep: [secret] })).toContain('***')
  expect(format('%s %o %O %j', secret, secret, secret, secret)).toBe('*** *** *** "***"')
})

test('no way around those prints the text', () => {
  const ways: string[] = [
    inspect(secret, { customInspect: false, showHidden: true, depth: 9 }),
    JSON.stringify(structuredClone(secret)),
    inspect(structuredClone({ secret })),
    JSON.stringify({ ...secret }),
    JSON.stringify(Object.assign({}, secret)),
    JSON.stringify(Object.entries(secret)),
    JSON.stringify(Object.getOwnPropertyDescriptors(secret)),
    serialize(secret).toString('latin1'),
    String(Object.keys(secret)),
    String(new Error(`failed with ${secret}`, { cause: secret }).stack),
  ]
  for (const shown of ways) expect(shown).not.toContain('canary')
  expect(structuredClone(secret)).toEqual({ secret: '***' })
})

test('two secrets are equal when their texts are', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      expect(new Secret(a).equals(new Secret(b))).toBe(a === b)
      expect(new Secret(a).equals(new Secret(`${a}${b}`))).toBe(b === '')
      expect(new Secret(a).equals(new Secret(a))).toBe(true)
    }),
  )
})

test('a secret cannot be changed', () => {
  expect(Object.isFrozen(secret)).toBe(true)
})
