import { scanJsonObject } from '@lb/protocol'
import { expect, test } from 'vitest'
import { maySpeakOtherwise } from './foreign-words.ts'

const messages = [{ role: 'user', content: 'the "input_schema" of Anthropic' }]
const nested = { type: 'function', function: { name: 'f' } }

function mayOf(request: object): boolean {
  const body = Buffer.from(JSON.stringify(request))
  const outline = scanJsonObject(body)
  if (!outline.ok) throw new Error('no object')
  return maySpeakOtherwise({ body, outline: outline.value })
}

test.each<[string, object, boolean]>([
  ['a question', { messages }, false],
  ['tools', { messages, tools: [nested] }, false],
  ['an input', { input: 'x' }, true],
  ['flat tools', { messages, tools: [{ type: 'function', name: 'f' }] }, true],
  ['a flat tool among others', { messages, tools: [nested, { type: 'custom', name: 'f' }] }, true],
  ['tools of Anthropic', { messages, tools: [nested, { name: 'f', input_schema: {} }] }, true],
])('%s: %s', (_what, request, expected) => {
  expect(mayOf(request)).toBe(expected)
})
