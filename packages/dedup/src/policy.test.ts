import { describe, expect, test } from 'vitest'
import { type CoalescingFacts, defaultCoalescingPolicy, mayCoalesce } from './policy.ts'

const request: CoalescingFacts = {
  method: 'POST',
  endpoint: '/v1/messages',
  headers: {},
  bodyBytes: 1000,
  credential: 'key-1',
}

describe('a request may share a call', () => {
  test.each<[string, Partial<CoalescingFacts>]>([
    ['when nothing speaks against it', {}],
    ['when it counts tokens', { endpoint: '/v1/messages/count_tokens' }],
    ['when it is a chat completion', { endpoint: '/v1/chat/completions' }],
    ['when it is just small enough', { bodyBytes: 8 * 1024 * 1024 }],
    ['when the header says something else', { headers: { 'x-lb-coalesce': 'yes' } }],
    ['when another header says no', { headers: { 'x-lb-cache': 'no' } }],
  ])('%s', (_when, facts) => {
    expect(mayCoalesce({ ...request, ...facts }, defaultCoalescingPolicy)).toEqual({ kind: 'coalesce' })
  })
})

describe('a request goes alone', () => {
  test.each<[string, Partial<CoalescingFacts>]>([
    ['method', { method: 'GET' }],
    ['endpoint', { endpoint: '/v1/models' }],
    ['opted-out', { headers: { 'x-lb-coalesce': 'no' } }],
    ['opted-out', { headers: { 'x-lb-coalesce': ' OFF ' } }],
    ['opted-out', { headers: { 'x-lb-coalesce': 'false' } }],
    ['opted-out', { headers: { 'x-lb-coalesce': '0' } }],
    ['opted-out', { headers: { 'x-lb-coalesce': ['yes', 'no'] } }],
    ['opted-out', { headers: { 'x-lb-coalesce': 'yes, no' } }],
    ['credential-unknown', { credential: undefined }],
    ['body-too-large', { bodyBytes: 8 * 1024 * 1024 + 1 }],
  ])('because of %s: %o', (reason, facts) => {
    expect(mayCoalesce({ ...request, ...facts }, defaultCoalescingPolicy)).toEqual({ kind: 'alone', reason })
  })

  test('because coalescing is off, whatever else there is to say', () => {
    const off = { ...defaultCoalescingPolicy, enabled: false }
    expect(mayCoalesce({ ...request, method: 'GET' }, off)).toEqual({ kind: 'alone', reason: 'disabled' })
  })
})
