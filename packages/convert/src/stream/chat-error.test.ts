import type { Json, JsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { brief, chatStream, chunk } from '../../testing/streams.ts'

const last = (chunks: readonly Json[], isMarked = true) =>
  brief(chatStream(chunks, {}, { isMarked, startOn: 'first-chunk' }).events).at(-1)
const failure = (body: Json) => {
  const { error } = chatStream([body]).report
  return `${error?.status} ${error?.body.error.message}`
}

describe('an empty error beside an answer is none', () => {
  test.each<[Json]>([[{}], [''], [false], [0], [[]], [{ message: '', type: '', param: null, code: null }]])(
    '%j',
    (error) => {
      expect(last([chunk({ content: 'a' }, 'stop', { error })])).toBe('stop')
    },
  )

  test.each<[Json]>([[{}], [''], [false], [{ message: 'x' }], [['x']], [true]])(
    'in its place it is one: %j',
    (error) => {
      expect(last([chunk({ content: 'a' }), { error }])).toMatch(/^error api_error: /)
    },
  )
})

describe('an error in a place of its own', () => {
  test("Groq's word for stopping early is an error, and no end", () => {
    const groq = (error: Json) => chunk({}, null, { x_groq: { id: 'req', error } })
    expect(last([chunk({ content: 'a' }), groq('over_capacity')])).toBe('error api_error: over_capacity')
    expect(last([chunk({ content: 'a' }), groq(null), chunk({}, 'stop')])).toBe('stop')
  })

  test("MiniMax's word stands in every answer, and is an error when it is not 0", () => {
    const base_resp = (status_code: number, status_msg = ''): JsonObject => ({ base_resp: { status_code, status_msg } })
    expect(last([chunk({ content: 'a' }, 'stop', base_resp(0))])).toBe('stop')
    expect(failure({ id: '', choices: null, ...base_resp(1008, 'insufficient balance') })).toBe(
      '402 insufficient balance (1008)',
    )
    expect(last([chunk({ content: 'a' }), chunk({}, null, base_resp(1002, 'slow'))])).toBe(
      'error rate_limit_error: slow (1002)',
    )
  })

  test.each<[Json, string]>([
    [{ code: 500, msg: '404 NOT_FOUND', success: false }, '500 404 NOT_FOUND'],
    [{ success: false, errors: [{ code: 7003, message: 'no route' }] }, '500 no route'],
    [{ message: 'worker died', code: 503 }, '529 worker died'],
    [[{ error: { code: 429, message: 'quota', status: 'RESOURCE_EXHAUSTED' } }], '429 quota'],
    [{ id: 'x', model: 'm' }, '500 upstream sent an empty stream'],
    [{ message: '' }, '500 upstream sent an empty stream'],
    [[{}, {}], '500 upstream sent an empty stream'],
  ])('%j is %s', (body, expected) => {
    expect(failure(body)).toBe(expected)
  })

  test('a message beside an answer is no error', () => {
    expect(last([chunk({ content: 'a' }, 'stop', { message: 'all is well' })])).toBe('stop')
  })
})
