import type { Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { observedTokens } from './observation.ts'
import { piecesOf } from './pieces.ts'

const plain = piecesOf({ messages: [{ role: 'user', content: 'hello' }] })
const usage = { input_tokens: 10, cache_creation_input_tokens: 200, cache_read_input_tokens: 3000, output_tokens: 5 }
const with_ = (...content: Json[]): ReturnType<typeof piecesOf> => piecesOf({ messages: [{ role: 'user', content }] })

describe('what was charged for', () => {
  test('is all input, cached or not, in either dialect', () => {
    expect(observedTokens({ usage }, plain)).toBe(3210)
    expect(observedTokens({ usage: { input_tokens: 7 } }, plain)).toBe(7)
    expect(observedTokens({ usage: { prompt_tokens: 50, prompt_tokens_details: { cached_tokens: 20 } } }, plain)).toBe(
      50,
    )
  })

  test.each([
    [{}],
    [{ usage: {} }],
    [{ usage: null }],
    [{ usage: { input_tokens: 0 } }],
    [{ usage: { input_tokens: 'x' } }],
    [null],
  ])('is not said by %o', (answer) => {
    expect(observedTokens(answer, plain)).toBe('no-usage')
  })
})

describe('an answer teaches nothing', () => {
  test.each([
    [{ usage, context_management: { applied_edits: [{ type: 'clear_tool_uses_20250919' }] } }],
    [{ usage: { ...usage, iterations: [{}, {}] } }],
    [{ usage: { ...usage, server_tool_use: { web_search_requests: 1 } } }],
  ])('when its request was changed upstream: %o', (answer) => {
    expect(observedTokens(answer, plain)).toBe('changed-upstream')
  })

  test.each([
    [{ usage, context_management: { applied_edits: [] } }],
    [{ usage, context_management: null }],
    [{ usage: { ...usage, iterations: [{}] } }],
    [{ usage: { ...usage, iterations: null } }],
    [{ usage: { ...usage, server_tool_use: { web_search_requests: 0, note: 'x' } } }],
    [{ usage: { ...usage, server_tool_use: null } }],
  ])('but it does when that only could have happened: %o', (answer) => {
    expect(observedTokens(answer, plain)).toBe(3210)
  })

  test('when its request holds something that is costed by rule of thumb', () => {
    expect(observedTokens({ usage }, with_({ type: 'image' }))).toBe('doubtful-request')
    expect(observedTokens({ usage }, with_({ type: 'brand_new' }))).toBe('doubtful-request')
    expect(observedTokens({ usage }, piecesOf({ container: 'c' }))).toBe('doubtful-request')
  })

  test('when much of its request is earlier thinking; a little does not matter', () => {
    const thinking = (length: number): Json => ({ type: 'thinking', thinking: 't'.repeat(length) })
    const text = { type: 'text', text: 'x'.repeat(950) }
    expect(observedTokens({ usage }, with_(thinking(50), text))).toBe(3210)
    expect(observedTokens({ usage }, with_(thinking(51), text))).toBe('doubtful-request')
    expect(observedTokens({ usage }, with_({ type: 'redacted_thinking' }, text))).toBe(3210)
    expect(observedTokens({ usage }, with_({ type: 'image' }, thinking(1), text))).toBe('doubtful-request')
  })

  test('whether the context was edited is for the answer to say', () => {
    expect(observedTokens({ usage }, piecesOf({ context_management: { edits: [] } }))).toBe(3210)
  })
})
