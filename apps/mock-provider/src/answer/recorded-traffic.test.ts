import { existsSync, readFileSync } from 'node:fs'
import { createSseDecoder, type Json, member, parseJson, stringMember } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import type { Reply } from '../script/answer.ts'
import { requestOf, responseOf, SETTING } from '../testing/plan-of.ts'
import { compose } from './compose.ts'

/**
 * Real traffic judges the mock: every field it writes is one that the real API writes there, and every request that a real client
 * sends is answered well by a strict mock. The recordings are not part of the project.
 */

const CORPUS = process.env['LB_CORPUS'] ?? '../shared/corpus'
const CAPTURES = process.env['LB_CAPTURES'] ?? '../shared/captures'

const REPLY: Reply = {
  thinking: 'Let me think.',
  text: 'Two words',
  toolCalls: [{ name: 'Bash', input: { command: 'ls' } }],
}

/** Fields the mock adds on purpose where OpenAI itself has none: other vendors' reasoning. */
const VENDOR_FIELDS = ['choices.delta.reasoning_content', 'choices.message.reasoning_content']

describe.runIf(isThere(CORPUS, 'LB_CORPUS'))('answers', () => {
  test.each([
    ['anthropic-messages', '/v1/messages'],
    ['openai-chat', '/v1/chat/completions'],
    ['openai-responses', '/v1/responses'],
  ])('%s: every field is one that real answers have', (file, path) => {
    const recorded = ['recorded', 'fixture'].flatMap((kind) => lines(`${CORPUS}/${file}.${kind}.jsonl`))
    const known = { whole: new Set<string>(), stream: new Set<string>() }
    for (const exchange of recorded) {
      const body = member(exchange, 'response_body')
      if (member(exchange, 'status') !== 200) continue
      if (member(exchange, 'stream') === true) for (const data of datas(String(body))) addPaths(data, '', known.stream)
      else if (body !== undefined) addPaths(body, '', known.whole)
    }
    console.log(`${file}: compared with ${recorded.length} recorded exchanges`)
    const ours = { whole: new Set<string>(), stream: new Set<string>() }
    const whole = parseJson(responseOf({ reply: REPLY }, path, false).body.toString())
    if (whole.ok) addPaths(whole.value, '', ours.whole)
    for (const data of datas(responseOf({ reply: REPLY }, path).body.toString())) addPaths(data, '', ours.stream)
    for (const kind of ['whole', 'stream'] as const) {
      expect(recorded.length).toBeGreaterThan(50)
      const strange = [...ours[kind]].filter((field) => !known[kind].has(field) && !VENDOR_FIELDS.includes(field))
      expect(strange, kind).toEqual([])
    }
  })
})

describe.runIf(isThere(CAPTURES, 'LB_CAPTURES'))('requests', () => {
  test('every request of a real client is answered well', () => {
    const captured = ['claude-code', 'other-clients'].flatMap((file) => lines(`${CAPTURES}/${file}.jsonl`))
    const served = captured.filter((capture) => !stringMember(capture, 'path')?.startsWith('/v1beta/'))
    for (const capture of served) {
      const [path = '/'] = (stringMember(capture, 'path') ?? '/').split('?')
      const body = member(capture, 'body')
      const headers = lowerCase(member(capture, 'headers'))
      const request = requestOf(path, body === null ? undefined : body, headers)
      const composed = compose({ kind: 'ordinary' }, request, { ...SETTING, strict: true })
      const where = `${stringMember(capture, 'client')} ${stringMember(capture, 'what')} ${path}`
      expect(composed.ok && composed.value.status, where).toBe(200)
    }
    console.log(`answered ${served.length} captured requests; left out ${captured.length - served.length} to Gemini`)
    expect(served.length).toBeGreaterThan(50)
  })
})

function isThere(folder: string, variable: string): boolean {
  if (existsSync(folder)) return true
  console.warn(`NOT RUN: ${folder} is absent; set ${variable} to the recorded traffic.`)
  return false
}

function lines(file: string): readonly Json[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const parsed = parseJson(line)
      return parsed.ok ? [parsed.value] : []
    })
}

function datas(stream: string): readonly Json[] {
  const decoder = createSseDecoder()
  const events = [...decoder.push(Buffer.from(stream)).events, ...decoder.end().events]
  return events.flatMap(({ data }) => {
    const parsed = parseJson(data ?? '')
    return parsed.ok ? [parsed.value] : []
  })
}

/** The paths of all fields; indices and what a tool or a caller put in are left out. Events are told apart by their type. */
function addPaths(value: Json, path: string, into: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) addPaths(item, path, into)
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const field = path === '' ? key : `${path}.${key}`
      into.add(field)
      if (!['input', 'tools', 'text', 'metadata'].includes(key)) addPaths(item, field, into)
    }
  }
}

function lowerCase(headers: Json | undefined): { readonly [name: string]: string } {
  const entries = typeof headers === 'object' && headers !== null ? Object.entries(headers) : []
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]))
}
