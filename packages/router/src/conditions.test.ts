import type { Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { featuresOf, holds, type RequestFeatures, type RouteCondition } from './conditions.ts'

const plain: RequestFeatures = {
  tokens: 1_000,
  thinking: false,
  images: false,
  webSearch: false,
  tools: false,
  background: false,
}
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: '' } }
const features = (body: Json, headers: Record<string, string> = {}): RequestFeatures => featuresOf(body, 1_000, headers)

describe('a condition holds', () => {
  test.each<[RouteCondition | undefined, Partial<RequestFeatures>, boolean]>([
    [undefined, {}, true],
    [{}, {}, true],
    [{ minTokens: 1_000 }, {}, true],
    [{ minTokens: 1_001 }, {}, false],
    [{ maxTokens: 1_000 }, {}, true],
    [{ maxTokens: 999 }, {}, false],
    [{ thinking: true }, { thinking: true }, true],
    [{ thinking: true }, {}, false],
    [{ thinking: false }, {}, true],
    [{ thinking: false }, { thinking: true }, false],
    [{ images: true }, { images: true }, true],
    [{ images: true }, {}, false],
    [{ webSearch: true }, { webSearch: true }, true],
    [{ webSearch: true }, {}, false],
    [{ tools: true }, { tools: true }, true],
    [{ tools: true }, {}, false],
    [{ background: true }, { background: true }, true],
    [{ background: true }, {}, false],
    [{ thinking: true, images: true }, { thinking: true }, false],
    [{ minTokens: 5, tools: false }, {}, true],
  ])('%j for %j: %s', (when, more, expected) => {
    expect(holds(when, { ...plain, ...more })).toBe(expected)
  })
})

describe('a request', () => {
  test('that asks for nothing special has no features', () => {
    expect(features({ model: 'm', messages: [{ role: 'user', content: 'hi' }] })).toEqual(plain)
    expect(features(null)).toEqual(plain)
    expect(features({ messages: 'x', tools: {}, thinking: 'enabled' })).toEqual(plain)
  })

  test.each<[Json, boolean]>([
    [{ type: 'enabled', budget_tokens: 1 }, true],
    [{ type: 'adaptive' }, true],
    [{ type: 'disabled' }, false],
    [null, false],
  ])('thinks with %j: %s', (thinking, expected) => {
    expect(features({ thinking }).thinking).toBe(expected)
  })

  test.each<[Json, boolean]>([
    [{ reasoning_effort: 'low' }, true],
    [{ reasoning_effort: 'none' }, false],
    [{ reasoning_effort: null }, false],
    [{ reasoning: { effort: 'high' } }, true],
    [{ reasoning: { effort: 'none' } }, false],
    [{ reasoning: {} }, false],
  ])('thinks in Chat’s words with %j: %s', (body, expected) => {
    expect(features(body).thinking).toBe(expected)
  })

  test.each<[string, Json, boolean]>([
    ['in a message', [{ role: 'user', content: [{ type: 'text' }, image] }], true],
    ['in a tool result', [{ role: 'user', content: [{ type: 'tool_result', content: [image] }] }], true],
    ['deep in a tool result', [{ content: [{ type: 'x', content: [{ content: [image] }] }] }], true],
    ['in a later message', [{ content: 'a' }, { content: [image] }], true],
    ['in a document', [{ content: [{ type: 'document', source: { type: 'content', content: [image] } }] }], true],
    ['in Chat’s form', [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }], true],
    ['nowhere', [{ content: [{ type: 'text', text: 'image' }] }, 'image', 7, null], false],
  ])('shows an image %s', (_, messages, expected) => {
    expect(features({ messages }).images).toBe(expected)
  })

  test.each<[Json, boolean]>([
    [{ type: 'web_search_20250305', name: 'web_search' }, true],
    [{ name: 'web_search' }, true],
    [{ type: 'custom', name: 'web_search' }, false],
    [{ name: 'my_web_search' }, false],
    [{}, false],
  ])('searches the web with %j: %s', (tool, expected) => {
    expect(features({ tools: [{ name: 'other' }, tool] })).toMatchObject({ webSearch: expected, tools: true })
  })

  test('searches the web with Chat’s options for it', () => {
    expect(features({ web_search_options: {} })).toMatchObject({ webSearch: true, tools: false })
    expect(features({ web_search_options: null }).webSearch).toBe(false)
    expect(features({ tools: [{ type: 'function', function: { name: 'web_search' } }] })).toMatchObject({
      webSearch: false,
      tools: true,
    })
  })

  test('has no tools with an empty list of them', () => {
    expect(features({ tools: [] }).tools).toBe(false)
    expect(features({ tools: null, functions: [] }).tools).toBe(false)
  })

  test('has tools in Chat’s old form', () => {
    expect(features({ functions: [{ name: 'f' }] }).tools).toBe(true)
  })

  test('is in the background when Claude Code says so', () => {
    expect(features({}, { 'x-app': 'cli-bg' }).background).toBe(true)
    expect(features({}, { 'x-app': 'cli' }).background).toBe(false)
  })
})
