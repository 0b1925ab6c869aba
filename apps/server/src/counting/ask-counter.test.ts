import type { MockScript } from '@lb/mock-provider'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OidcServer, startOidcServer } from '../oauth/testing/oidc-server.ts'
import { signIn, startSignedInWorld } from '../testing/signed-in-world.ts'
import { hello, type World } from '../testing/world.ts'

let oidc: OidcServer
beforeAll(async () => {
  oidc = await startOidcServer()
})
afterAll(() => oidc.close())

const { max_tokens: _, ...question } = hello
const counter = (answer: object): MockScript => ({ rules: [{ when: { endpoint: 'count-tokens' }, answer }] })

async function sourceOf(world: World): Promise<string | null> {
  const response = await world.post(question, { path: '/v1/messages/count_tokens' })
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ input_tokens: expect.any(Number) })
  return response.headers.get('x-lb-token-count')
}

test('a provider of stored logins counts with the account of its login', async () => {
  const world = await startSignedInWorld(oidc, [counter({ body: { input_tokens: 42 } })], ['ada'])
  expect(await sourceOf(world)).toBe('upstream')
  const [asked] = world.mocks[0]?.requests ?? []
  expect(asked?.path).toBe('/v1/messages/count_tokens')
  expect(asked?.headers).toMatchObject({
    authorization: expect.stringMatching(/^Bearer .{20,}/),
    'anthropic-beta': 'oauth-2025-04-20',
  })
})

test('a login that is refused is not renewed for a count, which is estimated', async () => {
  const world = await startSignedInWorld(oidc, [counter({ error: { status: 401 } })], ['ada'])
  const before = oidc.counts.tokenCalls
  expect(await sourceOf(world)).toBe('estimate')
  expect(oidc.counts.tokenCalls).toBe(before)
})

test('where nobody is signed in, counts are estimated, and asked for as soon as somebody is', async () => {
  const world = await startSignedInWorld(oidc, [counter({ body: { input_tokens: 42 } })], [])
  for (let index = 0; index < 5; index += 1) expect(await sourceOf(world)).toBe('estimate')
  expect(world.mocks[0]?.requests).toHaveLength(0)
  await signIn(oidc, world, 'ada')
  expect(await sourceOf(world)).toBe('upstream')
})
