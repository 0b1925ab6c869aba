import { describe, expect, test } from 'vitest'
import {
  assistant,
  call,
  notToChat,
  pdf,
  png,
  result,
  talk,
  text,
  toChat,
  toResponses,
  user,
} from '../../testing/requests.ts'

/** The content of the first message, for a user turn of these blocks. */
const contentOf = (blocks: readonly unknown[], target: Parameters<typeof toChat>[1] = {}): unknown =>
  toChat(talk([user(...blocks)]), target).value.messages[0]?.content
const lossesOf = (blocks: readonly unknown[], target: Parameters<typeof toChat>[1] = {}): readonly string[] =>
  toChat(talk([user(...blocks)]), target).losses
const image = (source: object, more: object = {}): object => ({ type: 'image', source, ...more })
const document = (source: object, more: object = {}): object => ({ type: 'document', source, ...more })

describe('texts', () => {
  test('are parts where arrays are taken, and one string where not', () => {
    expect(contentOf(['a', 'b'])).toEqual([
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ])
    expect(contentOf(['a', 'b'], { set: { contentArrays: [] } })).toBe('a\n\nb')
    expect(lossesOf(['a', 'b'], { set: { contentArrays: [] } })).toEqual(['block_boundaries_joined'])
  })

  test('lose their citations', () => {
    expect(lossesOf([text('a', { citations: [{ type: 'char_location' }] })])).toEqual(['citations_dropped'])
    expect(lossesOf([text('a', { citations: [] }), text('b', { citations: null })])).toEqual([])
  })
})

describe('images', () => {
  test('of base64 become data URLs', () => {
    expect(contentOf([png()])).toEqual([
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    ])
    expect(contentOf([image({ type: 'base64', media_type: 'IMAGE/JPG', data: 'aaaa' })])).toEqual([
      { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,aaaa' } },
    ])
  })

  test('of a type that the target does not take are refused by their path', () => {
    expect(
      notToChat(talk([user('a', image({ type: 'base64', media_type: 'image/tiff', data: 'aaaa' }))])),
    ).toMatchObject({
      code: 'media_type_not_supported',
      path: '/messages/0/content/1/source/media_type',
      message:
        'messages.0.content.1.source.media_type: image/tiff cannot be sent to this model; it takes image/jpeg, image/png, image/gif, image/webp',
    })
  })

  test('behind a URL pass where the target fetches', () => {
    const block = image({ type: 'url', url: 'https://x.example/a.png' })
    expect(contentOf([block])).toEqual([{ type: 'image_url', image_url: { url: 'https://x.example/a.png' } }])
  })

  test('behind a URL must be fetched by the caller where the target does not', () => {
    const request = talk([
      user(image({ type: 'url', url: 'https://x.example/a' }), image({ type: 'url', url: 'https://x.example/b' })),
    ])
    const target = { set: { images: 'data' } } as const
    const refusal = notToChat(request, target)
    expect(refusal).toMatchObject({ code: 'needs_bytes', path: '/messages/0/content/0/source/url' })
    expect(refusal.urls).toEqual(['https://x.example/a', 'https://x.example/b'])
    const file = { mediaType: 'image/webp', base64: 'UklG' }
    const fetched = { 'https://x.example/a': file, 'https://x.example/b': file }
    expect(toChat(request, { ...target, options: { fetched } }).value.messages[0]?.content).toEqual([
      { type: 'image_url', image_url: { url: 'data:image/webp;base64,UklG' } },
      { type: 'image_url', image_url: { url: 'data:image/webp;base64,UklG' } },
    ])
    expect(
      notToChat(request, {
        ...target,
        options: { fetched: { 'https://x.example/a': { ...file, mediaType: 'text/html' } } },
      }),
    ).toMatchObject({ code: 'media_type_not_supported', path: '/messages/0/content/0/source/url' })
  })

  test('by file id belong to one provider', () => {
    expect(notToChat(talk([user(image({ type: 'file', file_id: 'file_1' }))]))).toMatchObject({
      code: 'file_id_not_portable',
      path: '/messages/0/content/0/source/file_id',
    })
  })

  test('are refused by a model that sees none', () => {
    expect(notToChat(talk([user(png())]), { profile: 'deepseek' })).toMatchObject({
      code: 'media_not_supported',
      path: '/messages/0/content/0',
    })
  })

  test('are refused where content is only text', () => {
    expect(notToChat(talk([user('a', png())]), { set: { contentArrays: [] } })).toMatchObject({
      code: 'media_not_supported',
      path: '/messages/0/content/1',
    })
  })

  test('lose how they were to be scaled', () => {
    const block = { ...png(), transformations: [{ type: 'resize' }] }
    expect(lossesOf([block])).toEqual(['image_option_dropped'])
  })
})

describe('documents', () => {
  test('as PDF become files with a name', () => {
    const target = { profile: 'openai' } as const
    expect(contentOf([pdf()], target)).toEqual([
      { type: 'file', file: { filename: 'document.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    ])
    expect(contentOf([pdf({ title: 'Ships', context: 'From the library.' })], target)).toEqual([
      { type: 'text', text: 'From the library.' },
      { type: 'file', file: { filename: 'Ships', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    ])
    expect(contentOf([pdf({ title: '' })], target)).toEqual(contentOf([pdf()], target))
  })

  test('as PDF are refused where files are not taken', () => {
    expect(notToChat(talk([user(pdf())]))).toMatchObject({ code: 'media_not_supported', path: '/messages/0/content/0' })
  })

  test('behind a URL: Chat takes none, Responses does', () => {
    const request = talk([user(document({ type: 'url', url: 'https://x.example/a.pdf' }))])
    expect(notToChat(request, { profile: 'openai' })).toMatchObject({
      code: 'needs_bytes',
      urls: ['https://x.example/a.pdf'],
    })
    expect(toResponses(request).value.input).toEqual([
      { type: 'message', role: 'user', content: [{ type: 'input_file', file_url: 'https://x.example/a.pdf' }] },
    ])
  })

  test('as text stay text, between tags that say what it is', () => {
    const source = { type: 'text', media_type: 'text/plain', data: 'Once upon a time' }
    expect(contentOf([document(source, { title: 'A "tale"', context: 'old' })])).toBe(
      '<document title="A \\"tale\\"" context="old">\nOnce upon a time\n</document>',
    )
    expect(lossesOf([document(source, { citations: { enabled: true } })])).toEqual([
      'citations_dropped',
      'document_as_text',
    ])
    expect(lossesOf([document(source, { citations: { enabled: false } })])).toEqual(['document_as_text'])
  })

  test('of blocks keep their order', () => {
    const source = { type: 'content', content: [text('one'), png(), text('two')] }
    expect(contentOf([document(source)])).toEqual([
      { type: 'text', text: '<document>\none\n' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
      { type: 'text', text: 'two\n</document>' },
    ])
    expect(contentOf([document({ type: 'content', content: 'one' })])).toBe('<document>\none\n</document>')
  })

  test('of a type that is no PDF are refused', () => {
    const source = { type: 'base64', media_type: 'application/zip', data: 'aaaa' }
    expect(notToChat(talk([user(document(source))]), { profile: 'openai' })).toMatchObject({
      code: 'media_type_not_supported',
      path: '/messages/0/content/0/source/media_type',
    })
  })

  test('of a text source cannot be an image', () => {
    const source = { type: 'text', media_type: 'text/plain', data: 'x' }
    expect(notToChat(talk([user(image(source))]))).toMatchObject({
      code: 'media_type_not_supported',
      path: '/messages/0/content/0/source/type',
    })
  })
})

test('search results become text with source and title', () => {
  const block = { type: 'search_result', source: 'https://x.example', title: 'X', content: [text('a'), text('b')] }
  expect(contentOf([block])).toBe('<search_result source="https://x.example" title="X">\na\nb\n</search_result>')
  expect(lossesOf([block])).toEqual(['search_result_as_text'])
})

test('what a toolset says is text, what fills a container is refused, what nobody knows is left out', () => {
  expect(contentOf(['a', { type: 'browser_state', url: 'x' }])).toEqual([
    { type: 'text', text: 'a' },
    { type: 'text', text: '{"type":"browser_state","url":"x"}' },
  ])
  expect(lossesOf(['a', { type: 'browser_state' }])).toEqual(['block_as_text:browser_state'])
  expect(notToChat(talk([user({ type: 'container_upload', file_id: 'f' })]))).toMatchObject({
    code: 'container_not_supported',
    path: '/messages/0/content/0',
  })
  expect(lossesOf(['a', { type: 'hologram' }])).toEqual(['unknown_block:hologram'])
})

describe('results of tools', () => {
  const answered = (content?: unknown, more: object = {}, target: Parameters<typeof toChat>[1] = {}) =>
    toChat(talk([user('go'), assistant(call('t1')), user(result('t1', content, more))]), target)
  const messages = (...given: Parameters<typeof answered>): readonly unknown[] =>
    answered(...given).value.messages.slice(2)

  test('are strings', () => {
    expect(messages('a')).toEqual([{ role: 'tool', tool_call_id: 't1', content: 'a' }])
    expect(messages([text('a'), text('b')])).toEqual([{ role: 'tool', tool_call_id: 't1', content: 'a\nb' }])
    expect(answered([text('a'), text('b')]).losses).toEqual(['block_boundaries_joined'])
  })

  test('without content are empty, or what the target takes for that', () => {
    for (const content of [undefined, '', []]) {
      expect(messages(content)).toEqual([{ role: 'tool', tool_call_id: 't1', content: '' }])
      expect(messages(content, {}, { set: { emptyToolResult: '(no output)' } })).toEqual([
        { role: 'tool', tool_call_id: 't1', content: '(no output)' },
      ])
    }
  })

  test('that failed say so once, in their text', () => {
    const failed = { is_error: true }
    expect(messages('no', failed)).toEqual([{ role: 'tool', tool_call_id: 't1', content: '[tool error] no' }])
    expect(messages('', failed)).toEqual([{ role: 'tool', tool_call_id: 't1', content: '[tool error]' }])
    expect(answered('no', failed).all).toEqual([
      { code: 'tool_error_as_text', path: '/messages/2/content/0/is_error', count: 1 },
    ])
    expect(answered('yes', { is_error: false }).losses).toEqual([])
    expect(messages([png()], failed, { set: { toolResultMedia: 'inside', contentArrays: ['tool'] } })).toEqual([
      {
        role: 'tool',
        tool_call_id: 't1',
        content: [
          { type: 'text', text: '[tool error]' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
        ],
      },
    ])
  })

  test('with images or files: they follow in one user message behind all results, with tags that refer (case 28)', () => {
    const request = talk([
      user('go'),
      assistant(call('t1'), call('t2')),
      user(result('t1', [text('a'), png()]), result('t2', [pdf()]), text('and?')),
    ])
    const { value, losses } = toChat(request, { profile: 'openai' })
    const moved = value.messages.slice(2)
    expect(moved.map(({ role }) => role)).toEqual(['tool', 'tool', 'user', 'user'])
    const tags = JSON.stringify(moved).match(/file ([0-9a-f]{6})/g)
    expect(new Set(tags).size).toBe(2)
    const [one, two] = [...new Set(tags)].map((tag) => tag.slice('file '.length))
    expect(moved).toEqual([
      {
        role: 'tool',
        tool_call_id: 't1',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: `See file ${one}.` },
        ],
      },
      { role: 'tool', tool_call_id: 't2', content: `See file ${two}.` },
      {
        role: 'user',
        content: [
          { type: 'text', text: `This is file ${one}:` },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          { type: 'text', text: `This is file ${two}:` },
          { type: 'file', file: { filename: 'document.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
        ],
      },
      { role: 'user', content: 'and?' },
    ])
    expect(losses).toEqual(['media_moved'])
  })

  test('that name found tools become text', () => {
    const { value, losses } = answered([{ type: 'tool_reference', tool_name: 'Deploy' }])
    expect(value.messages[2]).toEqual({ role: 'tool', tool_call_id: 't1', content: 'Tool found: Deploy' })
    expect(losses).toEqual(['tool_reference_as_text'])
  })
})

test('Responses takes images and files inside results, in their place', () => {
  const request = talk([user('go'), assistant(call('t1')), user(result('t1', [text('a'), png(), pdf()]))])
  const { value, losses } = toResponses(request)
  expect(value.input).toEqual([
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'go' }] },
    { type: 'function_call', call_id: 't1', name: 'Bash', arguments: '{}' },
    {
      type: 'function_call_output',
      call_id: 't1',
      output: [
        { type: 'input_text', text: 'a' },
        { type: 'input_image', image_url: 'data:image/png;base64,iVBORw0KGgo=', detail: 'auto' },
        { type: 'input_file', filename: 'document.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
      ],
    },
  ])
  expect(losses).toEqual([])
})
