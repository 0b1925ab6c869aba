import type { MockScript } from '@lb/mock-provider'
import { isJsonObject, type JsonObject, parseJson } from '@lb/protocol'
import { startWorld, type World, type WorldOptions } from './world.ts'

/** A small request of a Chat Completions client. */
export const helloChat: JsonObject = { model: 'claude-test-1', messages: [{ role: 'user', content: 'hello' }] }

/** What an upstream may speak. */
export type UpstreamDialect = 'anthropic' | 'chat' | 'responses'
export const upstreamDialects: readonly UpstreamDialect[] = ['anthropic', 'chat', 'responses']

/** lb in front of one upstream for each script, all of one dialect. */
export function startDialectWorld(
  dialect: UpstreamDialect,
  scripts: readonly MockScript[],
  more: Omit<WorldOptions, 'scripts' | 'types'> = {},
  atEnd?: Parameters<typeof startWorld>[1],
): Promise<World> {
  const type = dialect === 'anthropic' ? 'anthropic' : 'openai'
  const provider = dialect === 'responses' ? { provider: 'dialect: responses' } : {}
  return startWorld({ scripts, types: [type], ...provider, ...more }, atEnd)
}

/** Where Chat Completions clients ask. */
export const chatPath = { path: '/v1/chat/completions' } as const

/** A Chat stream: its chunks, and how it ended. */
export interface ReadChat {
  readonly text: string
  readonly chunks: readonly JsonObject[]
  readonly finish: readonly unknown[]
  readonly errors: readonly JsonObject[]
  readonly isDone: boolean
}

/** Reads a Chat stream as a careful client would. */
export function readChat(stream: string): ReadChat {
  const data = [...stream.matchAll(/^data: (.*)$/gm)].map((match) => match[1] ?? '')
  const chunks = data.filter((line) => line !== '[DONE]').map(objectIn)
  const choices = chunks.flatMap(({ choices }) => (Array.isArray(choices) ? choices.filter(isJsonObject) : []))
  const deltas = choices.map(({ delta }) => (isJsonObject(delta) ? delta : {}))
  return {
    text: deltas.map(({ content }) => (typeof content === 'string' ? content : '')).join(''),
    chunks,
    finish: choices.map(({ finish_reason }) => finish_reason ?? null).filter((reason) => reason !== null),
    errors: chunks.filter((chunk) => chunk['error'] !== undefined),
    isDone: data.at(-1) === '[DONE]',
  }
}

function objectIn(text: string): JsonObject {
  const parsed = parseJson(text)
  if (!parsed.ok || !isJsonObject(parsed.value)) throw new Error(`no JSON object: ${text}`)
  return parsed.value
}
