import type { Reply, ToolCall, UsageNumbers } from '../script/answer.ts'
import { idOf, randomNumbers } from './seeded.ts'
import { tokensOfText } from './tokens.ts'

/**
 * A {@link Reply} with every blank filled in, cut into the pieces a stream sends. The three dialects write the same spoken
 * reply, so a stream and its whole answer, and the dialects among each other, say the same.
 */
export interface SpokenReply {
  /** The tail of the answer's id; each dialect puts its prefix before it. */
  readonly id: string
  readonly model: string
  readonly epochSeconds: number
  readonly thinking: readonly string[]
  readonly text: readonly string[]
  readonly calls: readonly SpokenCall[]
  /** In Anthropic's words. */
  readonly stopReason: string
  readonly stopSequence: string | null
  readonly usage: Required<UsageNumbers>
}

/** One tool call; `pieces` joined are its arguments as text. */
export interface SpokenCall {
  readonly id: string
  readonly name: string
  readonly pieces: readonly string[]
}

/** What a reply is spoken into. */
export interface Occasion {
  readonly seed: number
  readonly requestNumber: number
  readonly epochMs: number
  readonly requestedModel: string
  readonly inputTokens: number
}

/** Anthropic's ids are `msg_01` and 22 letters and digits. */
const ID_LENGTH = 22

/** Fills in what the reply leaves out. The same reply on the same occasion is spoken in the same pieces. */
export function speak(reply: Reply, occasion: Occasion): SpokenReply {
  const key = [occasion.seed, occasion.requestNumber]
  const calls = (reply.toolCalls ?? []).map((call, index) => speakCall(call, index, occasion))
  const text = typeof reply.text === 'string' ? wordsOf(reply.text) : (reply.text ?? [])
  const thinking = wordsOf(reply.thinking ?? '')
  const thinkingTokens = reply.usage?.thinkingTokens ?? tokensOfText(thinking.join(''))
  const spokenText = text.join('') + calls.map((call) => call.name + call.pieces.join('')).join('')
  return {
    id: reply.id ?? `01${idOf(ID_LENGTH, 'answer', ...key)}`,
    model: reply.model ?? (occasion.requestedModel === '' ? 'mock-model' : occasion.requestedModel),
    epochSeconds: Math.floor(occasion.epochMs / 1000),
    thinking,
    text,
    calls,
    stopReason: reply.stopReason ?? (calls.length > 0 ? 'tool_use' : 'end_turn'),
    stopSequence: reply.stopSequence ?? null,
    usage: {
      inputTokens: reply.usage?.inputTokens ?? occasion.inputTokens,
      outputTokens: reply.usage?.outputTokens ?? Math.max(1, thinkingTokens + tokensOfText(spokenText)),
      cacheReadTokens: reply.usage?.cacheReadTokens ?? 0,
      cacheWriteTokens: reply.usage?.cacheWriteTokens ?? 0,
      thinkingTokens,
    },
  }
}

/** Words with the space before them, so that the pieces joined are the text. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/\s*\S+(?:\s+$)?|^\s+$/g) ?? []
}

function speakCall(call: ToolCall, index: number, occasion: Occasion): SpokenCall {
  const key = ['call', index, occasion.seed, occasion.requestNumber]
  const input = typeof call.input === 'string' ? call.input : JSON.stringify(call.input ?? {})
  return { id: call.id ?? `01${idOf(ID_LENGTH, ...key)}`, name: call.name, pieces: jsonPieces(input, key) }
}

/** Models send arguments in tokens: pieces of 1 to 12 characters, cut anywhere but inside a character. */
function jsonPieces(text: string, key: readonly (string | number)[]): readonly string[] {
  const next = randomNumbers('pieces', ...key)
  const characters = Array.from(text)
  const pieces: string[] = []
  while (characters.length > 0) pieces.push(characters.splice(0, 1 + Math.floor(next() * 12)).join(''))
  return pieces
}
