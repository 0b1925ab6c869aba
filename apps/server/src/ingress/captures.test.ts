import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isJsonObject, type Json, parseJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { startWorld } from '../testing/world.ts'

/** What real clients sent, as recorded on loopback. The data is not part of the project. */
interface Capture {
  readonly client: string
  readonly scenario: string
  readonly seq: number
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json
}

const folder = resolve(process.env['LB_CAPTURES'] ?? '../shared/captures')

function captures(file: string): Capture[] {
  const lines = readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Capture)
}

/** Headers that Node's fetch sets itself. */
const ownHeaders = new Set(['host', 'connection', 'content-length', 'accept-encoding', 'expect', 'transfer-encoding'])

function sendable(headers: Capture['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ownHeaders.has(name.toLowerCase())))
}

/** Every text, name and media text of a request, wherever it stands. */
function texts(value: Json, found: string[] = []): string[] {
  if (typeof value === 'string') found.push(value)
  else if (Array.isArray(value)) for (const item of value) texts(item, found)
  else if (isJsonObject(value)) for (const item of Object.values(value)) texts(item, found)
  return found
}

if (!existsSync(folder)) console.warn(`NOT RUN: no captured requests in ${folder}; say where they are with LB_CAPTURES`)

describe.runIf(existsSync(folder))('what real clients send', () => {
  const messages = (
    existsSync(folder) ? [...captures('claude-code.jsonl'), ...captures('other-clients.jsonl')] : []
  ).filter(({ method, path }) => method === 'POST' && path.split('?')[0] === '/v1/messages')

  test('is there', () => {
    console.log(`${messages.length} captured requests`)
    expect(messages.length).toBeGreaterThanOrEqual(30)
  })

  test('goes up byte for byte to an upstream of the same dialect', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}] })
    for (const { path, headers, body } of messages) {
      const sent = JSON.stringify(body)
      const response = await post(sent, { path, headers: sendable(headers) })
      expect(response.status).toBe(200)
      await response.text()
      const received = mocks[0]?.requests.at(-1)
      expect(received?.text).toBe(sent)
      expect(received?.url).toBe(path)
    }
    expect(mocks[0]?.requests).toHaveLength(messages.length)
  })

  test('arrives whole at an upstream of another dialect: every text, call and result', async () => {
    const { post, mocks } = await startWorld({ scripts: [{}], types: ['openai'] })
    for (const { path, headers, body, client, scenario, seq } of messages) {
      const response = await post(JSON.stringify(body), { path, headers: sendable(headers) })
      expect(`${client} ${scenario}/${seq}: ${response.status}`).toBe(`${client} ${scenario}/${seq}: 200`)
      await response.text()
      const parsed = parseJson(mocks[0]?.requests.at(-1)?.text ?? '')
      const arrived = parsed.ok ? texts(parsed.value).join('\n') : ''
      for (const text of conversationTexts(body)) expect(arrived).toContain(text)
    }
  })
})

/** What the model must get to see: system texts, texts of the turns, names and arguments of calls, results, tool names. */
function conversationTexts(body: Json): string[] {
  if (!isJsonObject(body)) return []
  const { system = [], messages = [], tools = [] } = body
  const names = Array.isArray(tools) ? tools.flatMap((tool) => (isJsonObject(tool) ? [tool['name'] ?? ''] : [])) : []
  const blocks = [...blocksOf(system), ...(Array.isArray(messages) ? messages.flatMap(messageBlocks) : [])]
  const said = blocks.flatMap((block) => texts(pick(block, ['text', 'name', 'input', 'content'])))
  return [...said, ...texts(names as Json)].filter(
    (text) => text !== '' && !text.startsWith('x-anthropic-billing-header'),
  )
}

function messageBlocks(message: Json): Json[] {
  return isJsonObject(message) ? blocksOf(message['content'] ?? []) : []
}

function blocksOf(content: Json): Json[] {
  return typeof content === 'string' ? [{ text: content }] : Array.isArray(content) ? content : []
}

function pick(block: Json, names: readonly string[]): Json {
  if (!isJsonObject(block)) return null
  // A type word like `text` inside a result is not said to anybody.
  const chosen = names.map((name) => block[name] ?? null)
  return chosen.map((value) => (Array.isArray(value) ? value.map((item) => pick(item, names)) : value))
}
