import fc from 'fast-check'
import { expect, test } from 'vitest'
import { errorOf, readErrorBody } from './error-body.ts'

test('no body throws, and a message is at most 4 KB', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
      const error = readErrorBody(body)
      if (error !== undefined) expect(error.message.length).toBeLessThanOrEqual(4096)
    }),
  )
})

test('members of a prototype are never read', () => {
  const polluted = fc.constantFrom('__proto__', 'constructor', 'toString')
  fc.assert(
    fc.property(polluted, fc.jsonValue(), (key, value) => {
      const text = `{"${key}":${JSON.stringify(value)}}`
      expect(readErrorBody(text)).toBeUndefined()
    }),
  )
})

test('an Anthropic answer is never an error, whatever the model wrote', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(errorOf({ type: 'message', role: 'assistant', content: [{ type: 'text', text }] })).toBeUndefined()
    }),
  )
})
