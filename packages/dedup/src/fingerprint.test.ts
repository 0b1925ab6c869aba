import { existsSync, readFileSync } from 'node:fs'
import { scanJsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { createFingerprint, type FingerprintPolicy, PROBE_MAX_TOKENS, type Question } from './fingerprint.ts'

const strict: FingerprintPolicy = { includeMaxTokens: true }
const lenient: FingerprintPolicy = { includeMaxTokens: false }

const fingerprint = createFingerprint((preimage) => new TextDecoder().decode(preimage))

function question(body: string, rest: Partial<Question> = {}): Question {
  const bytes = new TextEncoder().encode(body)
  const outline = scanJsonObject(bytes)
  if (!outline.ok) throw new Error(`the test wrote no JSON: ${outline.error.message}`)
  const asked = { tenant: 't', credential: 'c', endpoint: '/v1/messages', stream: true, headers: {} }
  return { ...asked, ...rest, body: bytes, outline: outline.value }
}

function key(body: string, rest: Partial<Question> = {}, policy = lenient): string {
  const made = fingerprint(question(body, rest), policy)
  if (!made.ok) throw new Error(`no key: ${JSON.stringify(made.error)}`)
  return made.value
}

describe('what is digested', () => {
  test('is one line about who asks what, then the canonical body', () => {
    const headers = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'b,a', 'x-app': 'cli' }
    expect(key('{"model":"m", "a":1}', { headers })).toBe(
      '["lb-dedup/1","t","c","/v1/messages",true,[["anthropic-beta",["a","b"]],["anthropic-version",["2023-06-01"]]]]' +
        '\n{"a":1,"model":"m"}',
    )
  })

  test('is as long as it must be, also after a longer one and for a giant', () => {
    const giant = `{"text":"${'x'.repeat(3 << 20)}"}`
    expect(key('{"a":"long"}')).toMatch(/\n\{"a":"long"\}$/)
    expect(key('{"a":1}')).toMatch(/\n\{"a":1\}$/)
    expect(key(giant).endsWith(giant)).toBe(true)
    expect(key('{"a":2}')).toMatch(/\n\{"a":2\}$/)
  })
})

describe('one question', () => {
  const body = '{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],"max_tokens":1000}'

  test.each([
    [
      'in another key order',
      '{"stream":true,"max_tokens":1000,"messages":[{"content":"hi","role":"user"}],"model":"m"}',
    ],
    ['with white space', body.replaceAll(':', ' : ').replaceAll(',', ' ,\n')],
    ['with metadata', body.replace('{', '{"metadata":{"user_id":"u"},')],
    [
      'with metadata that has escapes',
      body.replace('{', '{"metadata": { "user_id" : "{\\"a\\":\\u0031}" , "trace":null},'),
    ],
    ['with empty metadata', body.replace('{', '{"metadata":{ },')],
    ['with another stream member', body.replace('"stream":true,', '')],
    ['with another limit', body.replace('1000', '64000')],
    ['without a limit', body.replace(',"max_tokens":1000', '')],
    ['with the key of the stream flag spelled otherwise', body.replace('stream', '\\u0073tream')],
  ])('%s has the same key', (_what, other) => {
    expect(key(other)).toBe(key(body))
  })

  test('with the beta flags in another order, twice, or on several lines has the same key', () => {
    const flags = (value: string | string[]): string => key(body, { headers: { 'anthropic-beta': value } })
    expect(flags(' b , a,a,')).toBe(flags('a,b'))
    expect(flags(['b', 'a'])).toBe(flags('a,b'))
  })

  test('with flags of OpenAI in another order has the same key, with white space around a version too', () => {
    const asked = (headers: Question['headers']): string => key(body, { headers })
    expect(asked({ 'openai-beta': 'b,a' })).toBe(asked({ 'openai-beta': 'a,b' }))
    expect(asked({ 'anthropic-version': ' 2023-06-01 ' })).toBe(asked({ 'anthropic-version': '2023-06-01' }))
  })

  test('with other headers that mean nothing has the same key', () => {
    expect(key(body, { headers: { 'x-claude-code-session-id': '1', 'user-agent': 'x' } })).toBe(key(body))
  })
})

describe('two questions', () => {
  const body = '{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],"max_tokens":1000}'

  test.each([
    ['the model', body.replace('"m"', '"n"')],
    ['a message', body.replace('"hi"', '"ho"')],
    ['a white space in a string', body.replace('"hi"', '"hi "')],
    ['a field that nobody knows', body.replace('{', '{"new":1,')],
    ['thinking', body.replace('{', '{"thinking":{"type":"adaptive"},')],
    ['the spelling of a number', body.replace('{', '{"temperature":1.0,')],
    ['metadata further in', body.replace('"role"', '"metadata":1,"role"')],
    ['stream twice', body.replace('{', '{"stream":false,')],
    ['a stream flag that is none', body.replace('"stream":true', '"stream":null')],
    ['a stream flag that only begins like one', body.replace('"stream":true', '"stream":trueish')],
    ['a stream flag that only ends like one', body.replace('"stream":true', '"stream":untrue')],
    ['metadata that no upstream takes', body.replace('{', '{"metadata":{"user_id":tru},')],
    ['metadata that is no text by name', body.replace('{', '{"metadata":{"user_id":5},')],
    ['metadata with half a character', body.replace('{', '{"metadata":{"user_id":"\\ud83d"},')],
    ['metadata that is too long', body.replace('{', `{"metadata":{"user_id":"${'x'.repeat(600)}"},`)],
    ['metadata that is no object', body.replace('{', '{"metadata":"u",')],
    ['metadata twice', body.replace('{', '{"metadata":1,"metadata":2,')],
    ['the order of messages', body.replace('[', '[{"role":"user","content":"ho"},')],
  ])('that differ in %s have two keys', (_what, other) => {
    expect(key(other)).not.toBe(key(body))
  })

  test.each<[string, Partial<Question>]>([
    ['tenant', { tenant: 'u' }],
    ['credential', { credential: 'd' }],
    ['endpoint', { endpoint: '/v1/chat/completions' }],
    ['stream flag', { stream: false }],
    ['beta flags', { headers: { 'anthropic-beta': 'a' } }],
    ['version', { headers: { 'anthropic-version': '2026-10-21' } }],
    ['workspace', { headers: { 'anthropic-workspace-id': 'w' } }],
    ['operation', { headers: { 'idempotency-key': 'k' } }],
    ['OpenAI organization', { headers: { 'openai-organization': 'o' } }],
    ['OpenAI project', { headers: { 'openai-project': 'p' } }],
    ['OpenAI beta flags', { headers: { 'openai-beta': 'x' } }],
  ])('that differ in the %s have two keys', (_what, rest) => {
    expect(key(body, rest)).not.toBe(key(body))
  })

  test.each([
    'anthropic-version',
    'anthropic-workspace-id',
    'idempotency-key',
    'openai-organization',
    'openai-project',
  ])('that differ in the order of words in %s have two keys', (name) => {
    expect(key(body, { headers: { [name]: 'b,a' } })).not.toBe(key(body, { headers: { [name]: 'a,b' } }))
  })

  test('cannot be made one by moving text from one field to the next', () => {
    const keys = [
      key(body, { tenant: 'ab', credential: 'c' }),
      key(body, { tenant: 'a', credential: 'bc' }),
      key(body, { tenant: 'a","bc' }),
      key(body, { tenant: 'a\nbc' }),
      key(body, { headers: { 'anthropic-version': 'x', 'openai-project': 'y' } }),
      key(body, { headers: { 'anthropic-version': ['x', 'openai-project', 'y'] } }),
      key(body, { tenant: '\ud800' }),
      key(body, { tenant: '\ufffd' }),
    ]
    expect(new Set(keys).size).toBe(keys.length)
  })
})

describe('max_tokens', () => {
  const limited = (limit: string, name = 'max_tokens'): string => `{"model":"m","${name}":${limit}}`

  test('counts when the policy says so', () => {
    expect(key(limited('1000'), {}, strict)).not.toBe(key(limited('1001'), {}, strict))
    expect(key(limited('1000'), {}, strict)).toBe(key(limited(' 1000'), {}, strict))
  })

  test.each(['max_tokens', 'max_completion_tokens', 'max_output_tokens'])('is left out else, as %s too', (name) => {
    expect(key(limited('64000', name))).toBe(key(limited('128000', name)))
    expect(key(limited('9999999', name))).toBe(key('{"model":"m"}'))
  })

  test('of a probe always counts', () => {
    const keys = ['0', '1', '2', String(PROBE_MAX_TOKENS), String(PROBE_MAX_TOKENS + 1)].map((n) => key(limited(n)))
    expect(new Set(keys).size).toBe(keys.length)
    expect(key(limited(String(PROBE_MAX_TOKENS + 1)))).toBe(key(limited('64000')))
  })

  test.each(['null', '"64000"', '64000.0', '6e4', '-64000', '064000', '64000x', '99999999', '12345678901234567890x'])(
    'that is no plain number (%s) always counts',
    (value) => {
      expect(key(limited(value))).not.toBe(key(limited('64000')))
    },
  )

  test('that stands twice always counts', () => {
    expect(key('{"max_tokens":100,"max_tokens":200}')).not.toBe(key('{"max_tokens":300,"max_tokens":200}'))
  })
})

describe('the attribution block', () => {
  const asked = (system: string): string => `{"system":${system},"model":"m"}`
  const block = (text: string, rest = ''): string =>
    `[{"type":"text","text":"${text}"${rest}},{"type":"text","text":"b"}]`

  test('may carry other numbers', () => {
    const first = block('x-anthropic-billing-header: cc_version=2.1.330.d01; cc_entrypoint=cli; cch=12345;')
    const second = block('x-anthropic-billing-header: cc_version=2.1.331.0c8; cc_entrypoint=cli;')
    expect(key(asked(first))).toBe(key(asked(second)))
  })

  test('may not be missing, carry prose, or other members', () => {
    const plain = 'x-anthropic-billing-header: cch=1;'
    const systems = [
      block(plain),
      '[{"type":"text","text":"b"}]',
      block(`${plain} answer in French`),
      block(plain, ',"cache_control":{"type":"ephemeral"}'),
    ]
    expect(new Set(systems.map((system) => key(asked(system)))).size).toBe(systems.length)
  })

  test('counts when there are two system members', () => {
    const twice = (nonce: string): string =>
      `{"system":${block(`x-anthropic-billing-header: cch=${nonce};`)},"system":"b"}`
    expect(key(twice('1'))).not.toBe(key(twice('2')))
  })
})

test('a body that is no JSON has no fingerprint', () => {
  const broken = question('{"a":[1 2]}')
  expect(fingerprint(broken, lenient)).toEqual({ ok: false, error: { kind: 'syntax', offset: 8 } })
})

const captures = `${process.env['LB_CAPTURES'] ?? '../shared/captures'}/claude-code.jsonl`
if (!existsSync(captures)) console.warn(`NOT RUN: ${captures} is absent; set LB_CAPTURES to the recorded requests.`)

describe.runIf(existsSync(captures))('the recorded requests of Claude Code', () => {
  type Body = Record<string, unknown> & { system?: { text: string }[]; max_tokens?: number }
  const bodies = (existsSync(captures) ? readFileSync(captures, 'utf8') : '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { body: Body }).body)

  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([name, inner]) => [name, reversed(inner)]),
    )
  }

  test('keep their key with another nonce, other metadata and the reverse key order, and lose it with another word', () => {
    for (const body of bodies) {
      const other = structuredClone(body)
      const attribution = other.system?.[0]
      if (attribution !== undefined)
        attribution.text = attribution.text.replace(/cc_version=[^;]*/, 'cc_version=9.9.9.zzz')
      other['metadata'] = { user_id: 'somebody else' }
      expect(key(JSON.stringify(reversed(other), null, 2))).toBe(key(JSON.stringify(body)))
      expect(key(JSON.stringify({ ...other, model: 'another' }))).not.toBe(key(JSON.stringify(body)))
      if (body.max_tokens !== undefined) {
        expect(key(JSON.stringify({ ...body, max_tokens: 1 }))).not.toBe(key(JSON.stringify(body)))
      }
    }
    console.log(`fingerprint: ${bodies.length} recorded requests`)
    expect(bodies.length).toBeGreaterThan(0)
  })
})
