import { describe, expect, test } from 'vitest'
import { notToAnthropic, toAnthropic } from '../../testing/requests.ts'

const withPart = (part: object): object => ({ model: 'gpt', messages: [{ role: 'user', content: [part] }] })
const image = (url: string, more: object = {}): object => withPart({ type: 'image_url', image_url: { url, ...more } })
const file = (members: object): object => withPart({ type: 'file', file: members })

/** The one block, and what was lost. */
function block(request: object, ...more: [Parameters<typeof toAnthropic>[1]?, string?]): readonly unknown[] {
  const { value, losses } = toAnthropic(request, ...more)
  return [...(value.messages[0]?.content ?? []), ...losses]
}

const refused = (request: object, ...more: [Parameters<typeof toAnthropic>[1]?, string?]): readonly string[] => {
  const { code, path } = notToAnthropic(request, ...more)
  return [code, path]
}

describe('images', () => {
  test.each([
    ['data:image/png;base64,iVBORw0K', 'image/png', 'iVBORw0K'],
    ['data:image/jpg;base64,/9j/4AAQ', 'image/jpeg', '/9j/4AAQ'],
    ['DATA:Image/WebP;charset=x;Base64,UklG Rg\n==', 'image/webp', 'UklGRg=='],
    ['data:image/gif;base64,R0lG%4FDlh', 'image/gif', 'R0lGODlh'],
    ['data:image/gif;base64,R0lG%', 'image/gif', 'R0lG%'],
  ])('as data: %s', (url, media_type, data) => {
    expect(block(image(url))).toEqual([{ type: 'image', source: { type: 'base64', media_type, data } }])
  })

  test('by address', () => {
    expect(block(withPart({ type: 'image_url', image_url: 'https://x.example/a.png' }))).toEqual([
      { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } },
    ])
    expect(block(image('https://x.example/a.png'))).toEqual([
      { type: 'image', source: { type: 'url', url: 'https://x.example/a.png' } },
    ])
  })

  test('by address must be fetched by the caller where the target does not', () => {
    const refusal = notToAnthropic(image('https://x.example/a.png'), {}, 'bedrock')
    expect([refusal.code, refusal.path]).toEqual(['needs_bytes', '/messages/0/content/0/image_url/url'])
    expect(refusal.urls).toEqual(['https://x.example/a.png'])
    const fetched = { 'https://x.example/a.png': { mediaType: 'Image/PNG', base64: 'AAAA' } }
    expect(block(image('https://x.example/a.png'), { fetched }, 'bedrock')).toEqual([
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
    ])
  })

  test('of other types, or of no address, are refused', () => {
    expect(refused(image('data:image/tiff;base64,AAAA'))).toEqual([
      'media_type_not_supported',
      '/messages/0/content/0/image_url/url',
    ])
    expect(refused(image('file:///etc/passwd'))[0]).toBe('media_type_not_supported')
    expect(notToAnthropic(image('data:image/tiff;base64,AAAA')).message).toContain(
      'it takes image/jpeg, image/png, image/gif, image/webp',
    )
  })

  test('are refused by models that see nothing', () => {
    expect(refused(image('data:image/png;base64,AAAA'), {}, 'deepseek')).toEqual([
      'media_not_supported',
      '/messages/0/content/0',
    ])
  })

  test('lose their detail, unless it says nothing', () => {
    expect(block(image('https://x.example/a', { detail: 'low' })).at(-1)).toBe('image_option_dropped:detail')
    expect(block(image('https://x.example/a', { detail: 'auto' }))).toHaveLength(1)
  })

  test('keep their cache mark', () => {
    const part = { type: 'image_url', image_url: { url: 'https://x.example/a' }, cache_control: { type: 'ephemeral' } }
    expect(block(withPart(part))[0]).toMatchObject({ cache_control: { type: 'ephemeral' } })
  })
})

describe('files', () => {
  const pdf = 'data:application/pdf;base64,JVBERi0='

  test('of PDF are documents, with their name as title', () => {
    const source = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' }
    expect(block(file({ filename: 'a.pdf', file_data: pdf }))).toEqual([{ type: 'document', source, title: 'a.pdf' }])
    expect(block(file({ filename: '', file_data: pdf }))).toEqual([{ type: 'document', source }])
  })

  test.each([
    ['data:text/markdown;base64,Z3LDvMOfZQ==', 'grüße'],
    ['data:text/plain,a%20b', 'a b'],
    ['data:,a', 'a'],
  ])('of text are text: %s', (file_data, data) => {
    expect(block(file({ file_data }))).toEqual([
      { type: 'document', source: { type: 'text', media_type: 'text/plain', data } },
    ])
  })

  test('by address pass where the target fetches them', () => {
    expect(block(file({ file_data: 'https://x.example/a.pdf' }))).toEqual([
      { type: 'document', source: { type: 'url', url: 'https://x.example/a.pdf' } },
    ])
    expect(refused(file({ file_data: 'https://x.example/a.pdf' }), {}, 'vertex')[0]).toBe('needs_bytes')
  })

  test('that the target cannot read are refused, but not texts', () => {
    expect(refused(file({ file_data: pdf }), {}, 'kimi')).toEqual(['media_not_supported', '/messages/0/content/0'])
    expect(refused(file({ file_data: 'data:application/zip;base64,AA' }))[0]).toBe('media_type_not_supported')
    expect(refused(file({ file_data: 'data:text/plain;base64,/v7//g' }))[0]).toBe('media_type_not_supported')
    expect(refused(file({ file_data: 'data:text/plain,%E0%A4%A' }))[0]).toBe('media_type_not_supported')
    expect(block(file({ file_data: 'data:text/plain,a' }), {}, 'kimi')).toHaveLength(1)
  })

  test('by id stay with the provider that holds them', () => {
    const refusal = notToAnthropic(file({ file_id: 'file-1' }))
    expect([refusal.code, refusal.path]).toEqual(['file_id_not_portable', '/messages/0/content/0/file'])
    expect(refusal.message).toContain('file ids cannot be sent')
    expect(notToAnthropic(file({})).message).toContain('a file without data cannot be sent')
  })
})

describe('other parts', () => {
  test('audio is refused', () => {
    const part = { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }
    expect(refused(withPart(part))).toEqual(['media_not_supported', '/messages/0/content/0'])
  })

  test('of unknown types are left out, and reported', () => {
    const request = {
      model: 'g',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'hologram' }] }],
    }
    expect(block(request)).toEqual([{ type: 'text', text: 'a' }, 'unknown_block:hologram'])
    const said = withPart({ type: 'new_text', text: 'b' })
    expect(block(said)).toEqual([{ type: 'text', text: 'b' }, 'block_as_text:new_text'])
  })
})
