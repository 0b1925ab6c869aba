import type { Json } from '@lb/protocol'
import { expect, test } from 'vitest'
import type { MockRequest } from '../answer/request.ts'
import { requestOf } from '../testing/plan-of.ts'
import type { Answer } from './answer.ts'
import { choose, freshProgress, matchesPattern } from './choose.ts'
import type { MockScript, When } from './script.ts'

const HELLO: Json = { model: 'claude-opus-5-5', stream: true, messages: [{ role: 'user', content: 'say hello' }] }

function answers(script: MockScript, requests: readonly MockRequest[]): readonly (Answer | string)[] {
  let progress = freshProgress
  return requests.map((request) => {
    const next = choose(script, progress, request, 'whole')
    progress = next.progress
    return next.choice.kind === 'answer' ? next.choice.answer : next.choice.kind
  })
}

function message(json: Json = HELLO, more: Partial<MockRequest> = {}): MockRequest {
  return { ...requestOf('/v1/messages', json, { 'x-api-key': 'sk-1' }), ...more }
}

function matches(when: When, request: MockRequest = message()): boolean {
  return answers({ rules: [{ when, answer: { status: 201 } }] }, [request])[0] !== 'ordinary'
}

test('a script that says nothing leaves everything ordinary', () => {
  expect(answers({}, [message(), requestOf('/v1/models', undefined)])).toEqual(['ordinary', 'ordinary'])
})

test('every condition must hold', () => {
  expect(matches({ model: 'claude-*', stream: true, text: 'hello', headers: { 'X-Api-Key': 'sk-*' } })).toBe(true)
  expect(matches({ model: 'gpt-*' })).toBe(false)
  expect(matches({ stream: false })).toBe(false)
  expect(matches({ text: 'goodbye' })).toBe(false)
  expect(matches({ headers: { 'x-api-key': 'sk-2' } })).toBe(false)
  expect(matches({ headers: { 'x-other': '*' } })).toBe(false)
  expect(matches({ method: 'get' })).toBe(false)
  expect(matches({ path: '/v1/*' })).toBe(true)
  expect(matches({ reusedConnection: true })).toBe(false)
  expect(matches({ reusedConnection: true }, message(HELLO, { connection: { id: 1, requestNumber: 2 } }))).toBe(true)
})

test('rules are for generating requests, unless they say otherwise', () => {
  const count = requestOf('/v1/messages/count_tokens', HELLO)
  const models = requestOf('/v1/models', undefined)
  expect(matches({}, count)).toBe(false)
  expect(matches({ endpoint: 'count-tokens' }, count)).toBe(true)
  expect(matches({ endpoint: 'any' }, models)).toBe(true)
  expect(matches({ endpoint: 'models' }, models)).toBe(true)
  expect(matches({ path: '/v1/models' }, models)).toBe(true)
  expect(matches({ endpoint: 'messages' })).toBe(true)
  expect(matches({ endpoint: 'chat' })).toBe(false)
  expect(matches({ endpoint: 'chat' }, requestOf('/chat/completions', HELLO))).toBe(true)
  expect(matches({ endpoint: 'responses' }, requestOf('/v1/responses', HELLO))).toBe(true)
})

test('a chain of turns is walked once; then the rule is used up', () => {
  const [a, b, c] = [{ status: 201 }, { status: 202 }, { status: 203 }]
  const script: MockScript = { rules: [{ answer: a, next: { answer: b, repeat: 2 } }], default: c }
  expect(
    answers(
      script,
      Array.from({ length: 5 }, () => message()),
    ),
  ).toEqual([a, b, b, c, c])
})

test('every n-th generating request is flaky, and counts nowhere else', () => {
  const script: MockScript = {
    flaky: { every: 3, fault: 'error-529' },
    rules: [{ answer: { status: 201 }, repeat: 3 }, { answer: { status: 202 } }],
  }
  const statuses = answers(
    script,
    Array.from({ length: 6 }, () => message()),
  ).map((answer) => (typeof answer === 'string' ? answer : (answer.status ?? answer.error?.status)))
  expect(statuses).toEqual([201, 201, 529, 201, 202, 529])
})

test('a fault of the script answers what no rule matches', () => {
  const script: MockScript = { fault: 'error-500', rules: [{ when: { model: 'gpt-*' }, answer: { status: 201 } }] }
  expect(answers(script, [message()])[0]).toMatchObject({ error: { status: 500 } })
  expect(answers(script, [requestOf('/v1/models', undefined)])).toEqual(['ordinary'])
  expect(answers({ fault: 'reset-on-accept' }, [message()])).toEqual(['ordinary'])
})

test('an answer fills in its preset, and its own fields win', () => {
  const answer: Answer = { fault: 'rate-limit', headers: { 'retry-after': '5' } }
  expect(answers({ default: answer }, [message()])[0]).toMatchObject({
    error: { status: 429 },
    headers: { 'retry-after': '5' },
  })
})

test('code may match and answer by a function', () => {
  const script: MockScript = {
    rules: [
      { when: (request) => request.body.length > 10_000, answer: { status: 201 } },
      { answer: (request) => ({ body: `number ${request.number}` }) },
    ],
  }
  expect(answers(script, [message()])).toEqual([{ body: 'number 1' }])
})

test('at the head of a request only early answers are chosen, and nothing is used up before', () => {
  const at = (script: MockScript) => choose(script, freshProgress, message(undefined), 'head').choice.kind
  expect(at({ default: { early: 'read-on' } })).toBe('answer')
  expect(at({ fault: 'answer-before-body' })).toBe('answer')
  expect(at({ default: { status: 201 } })).toBe('needs-body')
  expect(at({ rules: [{ when: { model: 'a' }, answer: {} }], default: { early: 'read-on' } })).toBe('needs-body')
  expect(at({ rules: [{ when: { path: '/other' }, answer: {} }], default: { early: 'read-on' } })).toBe('answer')
  expect(at({ rules: [{ when: () => true, answer: {} }] })).toBe('needs-body')
  expect(at({ rules: [{ answer: () => ({ early: 'read-on' }) }] })).toBe('needs-body')
  expect(choose({ default: {} }, freshProgress, message(), 'head').progress).toBe(freshProgress)
})

test('a star stands for any run of characters, and nothing else is special', () => {
  expect(matchesPattern('a*c', 'abbc')).toBe(true)
  expect(matchesPattern('a*b*c', 'a-b-c')).toBe(true)
  expect(matchesPattern('*', '')).toBe(true)
  expect(matchesPattern('ab*ba', 'aba')).toBe(false)
  expect(matchesPattern('a*x*c', 'abc')).toBe(false)
  expect(matchesPattern('a.c', 'abc')).toBe(false)
  expect(matchesPattern(`${'*a'.repeat(50)}*b`, 'a'.repeat(5000))).toBe(false)
})
