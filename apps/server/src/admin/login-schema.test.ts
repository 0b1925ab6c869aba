import * as v from 'valibot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OidcServer, startOidcServer } from '../oauth/testing/oidc-server.ts'
import { startSignedInWorld } from '../testing/signed-in-world.ts'
import { hello, type World } from '../testing/world.ts'
import {
  loginListSchema,
  loginRemovedSchema,
  loginStartedSchema,
  renewedSchema,
  signedInSchema,
} from './login-schema.ts'

let oidc: OidcServer
beforeAll(async () => {
  oidc = await startOidcServer()
})
afterAll(() => oidc.close())

/** Asks, and gives the body, of which the document knows every member: what it does not know would be left out by reading it. */
async function known({ lb }: World, schema: v.GenericSchema, target: string, body?: object): Promise<unknown> {
  const [method = '', path = ''] = target.split(' ')
  const headers = { accept: 'application/json', 'content-type': 'application/json' }
  const response = await fetch(lb.url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const said = await response.json()
  expect([response.status, v.parse(schema, said)]).toEqual([200, said])
  return said
}

test('every member of a login’s answers is in the document, from the sign-in to the end', async () => {
  const world = await startSignedInWorld(oidc, [{}], ['ada'])
  await known(world, loginStartedSchema, 'GET /oauth/generate-url')
  const started = await known(world, loginStartedSchema, 'GET /oauth/authorize')
  expect((await world.post(hello)).status).toBe(200)
  const list = await known(world, loginListSchema, 'GET /oauth/status')
  expect(list).toMatchObject({ active_token: { is_healthy: true }, tokens: [{ state: 'fresh', is_current: true }] })
  const [{ account_email: email }] = (list as { tokens: [{ account_email: string }] }).tokens
  await known(world, renewedSchema, `POST /oauth/refresh/${email}`)
  await known(world, loginRemovedSchema, `DELETE /oauth/tokens/${email}`)
  const pasted = await oidc.signIn((started as { login_url: string }).login_url, 'bob')
  const exchange = { code: pasted, account_email: email.replace('ada', 'bob') }
  await known(world, signedInSchema, 'POST /oauth/exchange-code', exchange)
  await known(world, loginRemovedSchema, 'DELETE /oauth/tokens')
})
