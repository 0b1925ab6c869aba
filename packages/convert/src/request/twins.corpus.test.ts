import { isJsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { profileOf } from '../../testing/context.ts'
import { exchanges, ran } from '../../testing/corpus.ts'
import { patient } from '../../testing/cuts.ts'
import { anthropicNamed, read, readChat } from '../../testing/requests.ts'
import { convertAnthropicRequestToChat } from './anthropic-to-chat.ts'
import { convertChatRequestToAnthropic } from './chat-to-anthropic.ts'

// Tests read requests of unknown shape freely; what they read is checked by comparison.
// biome-ignore lint/suspicious/noExplicitAny: see above.
type Any = any

// A third party wrote the same conversation for several providers, and says so in the name: `…[case-anthropic].yaml#1`.
const twins = exchanges('anthropic-messages').flatMap((anthropic) =>
  exchanges('openai-chat').flatMap((chat) =>
    sceneOf(anthropic.id) === sceneOf(chat.id) && isJsonObject(anthropic.request) && isJsonObject(chat.request)
      ? [
          {
            name: `${anthropic.id} and ${chat.id}`,
            anthropic: anthropic.request,
            chat: chat.request,
            provider: chat.provider,
          },
        ]
      : [],
  ),
)

/** The name without the provider in it. One without a provider is only its own twin. */
function sceneOf(id: string): string {
  const scene = id.replace(/[-[](anthropic|openai_chat|openai|groq|mistral|huggingface|cohere|google)]/, '')
  return scene === id ? `${id} alone` : scene.replace(/^.*\//, '')
}

/** What the client's side says: the model's own part is different, since other models answered. */
function saidIn(request: Any): Any {
  const list = (content: Any): Any[] =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])
  const messages = [{ role: 'system', content: request.system }, ...request.messages]
  const parts = messages.filter(({ role }) => role !== 'assistant').flatMap(({ content }) => list(content))
  const inner = parts.flatMap((part) => (part.type === 'tool_result' ? list(part.content) : [part]))
  const tools = (request.tools ?? []).map((tool: Any) => tool.function ?? tool)
  return {
    lines: inner.flatMap(({ text }) => (text ?? '').split('\n')).filter((line) => line !== '' && !isPointer(line)),
    tools: tools.map(({ name, description }: Any) => ({ name, description })),
  }
}

/** The third party leaves tools out where the other API cannot choose among them. */
function expectSame(found: Any, wanted: Any, name: string): void {
  expect(found.lines, name).toEqual(wanted.lines)
  if (found.tools.length === wanted.tools.length) expect(found.tools, name).toEqual(wanted.tools)
}

/** A file that cannot stand in a tool's result stands behind it, and a text points to it. */
function isPointer(text: string): boolean {
  return /^(See|This is) file [0-9a-f]{6}[.:]$/.test(text)
}

describe('requests that a third party wrote for both APIs', patient, () => {
  test('I16a: the Anthropic one, converted, says what the Chat one says', () => {
    let served = 0
    for (const { name, anthropic, chat, provider } of twins) {
      const converted = convertAnthropicRequestToChat(read(anthropic), profileOf(provider), { model: 'm', seed: 's' })
      if (!converted.ok) continue
      expectSame(saidIn(JSON.parse(JSON.stringify(converted.value.value))), saidIn(chat), name)
      served += 1
    }
    ran('Anthropic requests beside their Chat twins', { twins: twins.length, served })
  })
  test('I16b: the Chat one, converted, says what the Anthropic one says', () => {
    let served = 0
    for (const { name, anthropic, chat } of twins) {
      const converted = convertChatRequestToAnthropic(readChat(JSON.stringify(chat)), anthropicNamed('anthropic'), {
        model: 'm',
        seed: 's',
      })
      if (!converted.ok) continue
      expectSame(saidIn(JSON.parse(JSON.stringify(converted.value.value))), saidIn(anthropic), name)
      served += 1
    }
    ran('Chat requests beside their Anthropic twins', { twins: twins.length, served })
  })
})
