import type { Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { piecesOf } from './pieces.ts'

const said = (...content: Json[]): Json => ({ messages: [{ role: 'user', content }] })
const texts = (request: Json): readonly string[] => piecesOf(request).texts
const doubts = (request: Json): string[] => [...piecesOf(request).doubts].sort()
const png = Buffer.concat([
  Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'),
  Buffer.from([0, 0, 2, 88, 0, 0, 1, 45]),
])
const image = png.toString('base64')

describe('texts', () => {
  test('of an Anthropic request: system, tools, messages and what is in them', () => {
    const tool = {
      name: 'read',
      description: 'Reads.',
      input_schema: { type: 'object' },
      cache_control: { type: 'ephemeral' },
    }
    const request: Json = {
      model: 'm',
      max_tokens: 5,
      metadata: { user_id: 'not seen' },
      system: [{ type: 'text', text: 'sys', cache_control: { type: 'ephemeral' } }],
      tools: [tool],
      messages: [
        { role: 'user', content: 'plain' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'block' },
            { type: 'tool_use', id: 'toolu_1', name: 'read', input: { path: 'a' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: 'result' },
            { type: 'tool_result', tool_use_id: 'toolu_2', content: [{ type: 'text', text: 'inner' }] },
            { type: 'tool_result', tool_use_id: 'toolu_3' },
          ],
        },
      ],
    }
    expect([...texts(request)].sort()).toEqual(
      [
        'sys',
        '{"name":"read","description":"Reads.","input_schema":{"type":"object"}}',
        'plain',
        'block',
        'read',
        '{"path":"a"}',
        'result',
        'inner',
      ].sort(),
    )
    expect(piecesOf(request)).toMatchObject({
      messages: 3,
      tools: 1,
      calls: 4,
      pages: 0,
      images: [],
      thinkingLength: 0,
    })
    expect(doubts(request)).toEqual([])
  })

  test('of a chat request: the same, under its names', () => {
    const request: Json = {
      messages: [
        { role: 'system', content: 'sys' },
        { role: 'user', name: 'ann', content: [{ type: 'text', text: 'part' }] },
        {
          role: 'assistant',
          content: null,
          refusal: 'no',
          reasoning_content: 'why',
          tool_calls: [{ function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'result' },
        { role: 'assistant', content: [{ type: 'refusal', refusal: 'never' }] },
      ],
      tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
      functions: [{ name: 'g', parameters: {} }],
    }
    const expected = [
      'sys',
      'part',
      'ann',
      'no',
      'why',
      'f',
      '{}',
      'result',
      'never',
      '{"name":"f","parameters":{}}',
      '{"name":"g","parameters":{}}',
    ]
    expect([...texts(request)].sort()).toEqual(expected.sort())
    expect(piecesOf(request)).toMatchObject({ messages: 5, tools: 2, calls: 2 })
    expect(doubts(request)).toEqual([])
  })

  test('of documents and search results that are texts', () => {
    const blocks: Json[] = [
      { type: 'document', title: 't', context: 'c', source: { type: 'text', data: 'd' } },
      { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'e' }] } },
      { type: 'document', source: { type: 'content' } },
      { type: 'search_result', title: 'f', source: 'g', content: [{ type: 'text', text: 'h' }] },
      { type: 'search_result' },
    ]
    expect([...texts(said(...blocks))].sort()).toEqual(['c', 'd', 'e', 'f', 'g', 'h', 't'])
    expect(doubts(said(...blocks))).toEqual([])
  })

  test('of an answer that must follow a schema, in each of the three ways to say so', () => {
    const schema = { type: 'object' }
    for (const request of [
      { output_config: { format: { schema } } },
      { output_format: { schema } },
      { response_format: { json_schema: schema } },
    ]) {
      expect(piecesOf(request)).toMatchObject({ texts: ['{"type":"object"}'], isStructured: true })
    }
    for (const request of [{ output_config: { effort: 'low' } }, { response_format: { type: 'json_object' } }, {}]) {
      expect(piecesOf(request)).toMatchObject({ texts: [], isStructured: false })
    }
    expect(piecesOf({ output_format: { schema }, response_format: {} }).isStructured).toBe(true)
  })

  test('of a block that nobody knows: its JSON', () => {
    const strange = { type: 'brand_new', words: 'x', cache_control: { type: 'ephemeral' } }
    expect(texts(said(strange, 'bare', 5, { a: 1 }))).toEqual([
      '{"type":"brand_new","words":"x"}',
      '"bare"',
      '5',
      '{"a":1}',
    ])
    expect(doubts(said(strange))).toEqual(['unknown'])
  })

  test('but data in such a block is no text', () => {
    const data = 'QUJD'.repeat(100_000)
    const pieces = piecesOf(
      said({ type: 'document_url', document_url: data, note: `${'a '.repeat(600)}b`, short: 'x'.repeat(999) }),
    )
    expect(pieces.texts.join('')).not.toContain('QUJD')
    expect(pieces.texts.join('')).toContain('a a a')
    expect(pieces.texts.join('')).toContain('xxx')
    expect(pieces.pages).toBe(5)
  })

  test('of nothing that makes sense: none, or its JSON', () => {
    for (const request of [null, 'text', 5, [], {}, { messages: 'x' }, { messages: null, tools: {}, system: null }]) {
      expect(texts(request)).toEqual([])
    }
    expect(texts({ system: 7, messages: [null, 5, { content: '' }, { content: { a: 1 } }] })).toEqual(['{"a":1}'])
    expect(texts({ constructor: 'x', __proto__: 'y', toString: [1] } as unknown as Json)).toEqual([])
  })
})

describe('media', () => {
  test('images of either dialect, with the size in their header', () => {
    const request = said(
      { type: 'image', source: { type: 'base64', data: image } },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${image}` } },
      { type: 'image', source: { type: 'base64', data: 'rubbish' } },
    )
    const size = { width: 600, height: 301 }
    expect(piecesOf(request)).toMatchObject({ images: [size, size, undefined], texts: [] })
    expect(doubts(request)).toEqual(['image'])
  })

  test('images that only the upstream will fetch', () => {
    const request = said(
      { type: 'image', source: { type: 'url', url: 'u' } },
      { type: 'image_url', image_url: { url: 'https://x' } },
      { type: 'image_url' },
    )
    expect(piecesOf(request).images).toEqual([undefined, undefined, undefined])
    expect(doubts(request)).toEqual(['image', 'remote'])
  })

  test('images inside the result of a tool', () => {
    const inner = { type: 'image', source: { data: image } }
    expect(piecesOf(said({ type: 'tool_result', content: [inner] })).images).toHaveLength(1)
  })

  test('documents by their pages', () => {
    const pdf = Buffer.from('%PDF <</Type/Page>> <</Type/Page>>').toString('base64')
    const request = said(
      { type: 'document', source: { type: 'base64', data: pdf } },
      { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${pdf}` } },
    )
    expect(piecesOf(request)).toMatchObject({ pages: 4, texts: ['a.pdf'] })
    expect(doubts(request)).toEqual(['document'])
    const remote = said(
      { type: 'document', source: { type: 'url' } },
      { type: 'file', file: { file_id: 'f' } },
      { type: 'file' },
    )
    expect(piecesOf(remote).pages).toBe(3)
    expect(doubts(remote)).toEqual(['document', 'remote'])
  })

  test('sound is only noticed', () => {
    expect(doubts(said({ type: 'input_audio', input_audio: { data: 'x' } }))).toEqual(['media'])
  })
})

describe('doubts', () => {
  test('earlier thinking, and how much of it there is', () => {
    const request = said(
      { type: 'thinking', thinking: 'hmm', signature: 's' },
      { type: 'redacted_thinking', data: 'd' },
      { type: 'thinking' },
    )
    expect(piecesOf(request)).toMatchObject({ texts: ['hmm'], thinkingLength: 3 })
    expect(doubts(request)).toEqual(['thinking'])
  })

  test.each([
    [{ context_management: { edits: [] } }, ['edited']],
    [{ container: 'c' }, ['server-tool']],
    [{ mcp_servers: [] }, ['server-tool']],
    [{ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }, ['server-tool']],
    [{ tools: [{ type: 'openrouter:web_search', parameters: {} }] }, ['server-tool']],
    [{ tools: [{ type: 'custom', name: 'a', input_schema: {} }] }, []],
    [{ tools: [{ name: 'a', input_schema: {} }, { type: 'function', function: {} }, 'odd'] }, []],
  ])('%o: %o', (request, expected) => {
    expect(doubts(request)).toEqual(expected)
  })

  test('a tool that must be called', () => {
    for (const tool_choice of [
      { type: 'any' },
      { type: 'tool', name: 'a' },
      'required',
      { type: 'function', function: {} },
    ]) {
      expect(piecesOf({ tool_choice }).isForced).toBe(true)
    }
    for (const tool_choice of [{ type: 'auto' }, { type: 'none' }, 'auto', null])
      expect(piecesOf({ tool_choice }).isForced).toBe(false)
  })
})
