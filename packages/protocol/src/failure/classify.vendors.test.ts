import { expect, test } from 'vitest'
import { classify } from './classify.ts'
import { moneyTypes } from './money-is-gone.ts'
import type { FailureKind } from './table.ts'

test.each<[number, FailureKind]>([
  [1000, 'server-error'],
  [1001, 'server-error'],
  [1002, 'rate-limited'],
  [1004, 'credential-rejected'],
  [1008, 'credits-exhausted'],
  [1026, 'content-refused'],
  [1027, 'server-error'],
  [1039, 'rate-limited'],
  [2013, 'invalid-request'],
  [2049, 'credential-rejected'],
  [2056, 'rate-limited'],
])('the code %i of MiniMax, in a 200, is of the kind %s', (status_code, kind) => {
  const error = { base_resp: { status_code, status_msg: 'said' }, choices: null }
  expect(classify({ seen: 'error-event', error, credential: 'key' }).kind).toBe(kind)
})

test.each(moneyTypes)('%s says that the money is gone, also with 429', (code) => {
  const body = JSON.stringify({ error: { code, message: '' } })
  const seen = { seen: 'response', status: 429, headers: {}, body, credential: 'key', epochMs: 0 } as const
  expect(classify(seen).kind).toBe('credits-exhausted')
})
