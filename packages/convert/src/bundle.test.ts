import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { bundle, runBare } from '../testing/bare.ts'

/** What the README promises. */
const GZIPPED_MAX_KB = 60

test('the whole package, with all that it needs, is as small as the README says', async () => {
  const code = await bundle("export * from '../src/index.ts'", true)
  const kilobytes = gzipSync(code).length / 1000
  console.info(`[size] ${(code.length / 1000).toFixed(1)} kB minified, ${kilobytes.toFixed(1)} kB gzipped`)
  expect(kilobytes).toBeLessThan(GZIPPED_MAX_KB)
})

test('it converts where there is nothing but the language, texts and URLs', async () => {
  const script = await bundle(
    `
    import * as convert from '../src/index.ts'
    import { stringifyJson } from '@lb/protocol'
    const check = (holds, what) => { if (!holds) throw new Error(what) }
    const long = 'mcp__' + 'x'.repeat(80)
    const messages = [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a:b', name: long, input: { ü: 1 } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a:b', content: 'r' }] },
    ]
    const tools = [{ name: long, input_schema: { type: 'object' } }]
    const request = { model: 'm', max_tokens: 9, messages, tools, metadata: { user_id: 'a@b' } }
    for (const [name, profile] of Object.entries(convert.namedProfiles)) {
      const options = { model: 'x', seed: 's', preferResponses: false }
      const converted = profile.dialect === 'chat'
        ? convert.convertAnthropicRequestToChat(request, profile, options)
        : convert.convertAnthropicRequestToResponses(request, profile, options)
      check(converted.ok, name + ' refuses it')
      check(stringifyJson(converted.value.value).includes('{\\\\"ü\\\\":1}'), name + ' lost the arguments')
      if (profile.dialect !== 'chat') continue
      const stream = convert.createChatToAnthropicByteStream(converted.value.context)
      const sse = 'data: {"choices":[{"delta":{"reasoning_content":"hm","content":"grüß"},"finish_reason":"stop"}]}\\n\\ndata: [DONE]\\n\\n'
      const bytes = new TextEncoder().encode(sse)
      const text = new TextDecoder().decode(stream.push(bytes.subarray(0, 90))) + new TextDecoder().decode(stream.push(bytes.subarray(90)))
      check(text.includes('"text":"grüß"'), name + ' lost the text')
      check(text.includes('event: message_stop'), name + ' has no end')
    }
    const { value } = convert.convertChatRequestToAnthropic(
      { model: 'm', messages: [{ role: 'user', content: 'hi' }], user: 'a@b' }, convert.namedAnthropicProfiles.anthropic, { model: 'c', seed: 's' })
    check(value.value.max_tokens === 128000, 'no limit')
    `,
  )
  expect(() => runBare(script)).not.toThrow()
})
