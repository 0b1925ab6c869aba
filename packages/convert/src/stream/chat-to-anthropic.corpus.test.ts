import { stringifyJson } from '@lb/protocol'
import { expect, test } from 'vitest'
import { contextFor, profileOf } from '../../testing/context.ts'
import { exchanges, ran } from '../../testing/corpus.ts'
import { readWithAnthropicSdk } from '../../testing/sdk.ts'
import { convertChatResponseToAnthropic } from '../response/chat-to-anthropic.ts'
import { foldAnthropicEvents } from '../response/fold-anthropic.ts'
import { createChatToAnthropicStream } from './chat-to-anthropic.ts'
import { encodeAnthropicEvents } from './encode.ts'

const all = exchanges('openai-chat').filter((exchange) => exchange.status === 200)

test('the official SDK reads every converted answer, and understands what the fold says', async () => {
  const whole = all.filter((exchange) => !exchange.stream)
  for (const { id, provider, response_body } of whole) {
    const context = contextFor(profileOf(provider))
    const converted = convertChatResponseToAnthropic(response_body, context)
    if (!converted.ok) throw new Error(`${id}: ${JSON.stringify(converted.error.body)}`)
    const stream = createChatToAnthropicStream(context)
    const events = [...stream.push(response_body), ...stream.done()]
    expect(foldAnthropicEvents(events)).toBeDefined()
    const understood = await readWithAnthropicSdk(encodeAnthropicEvents(events))
    const { usage, ...message } = JSON.parse(stringifyJson(converted.value.value))
    expect(understood, id).toMatchObject(message)
    expect(understood.usage).toMatchObject({ input_tokens: usage.input_tokens, output_tokens: usage.output_tokens })
  }
  ran('whole Chat answers read by the Anthropic SDK', { exchanges: whole.length })
})
