import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Credential } from './accounts.ts'
import { type OAuth, openOAuth } from './oauth.ts'
import { type OidcServer, startOidcServer } from './testing/oidc-server.ts'
import { testFolder } from './testing/world.ts'

let oidc: OidcServer
let folder = testFolder()
let oauth: OAuth
let lines: string[] = []

beforeAll(async () => {
  oidc = await startOidcServer()
})
afterAll(() => oidc.close())

beforeEach(async () => {
  folder = testFolder()
  lines = []
  oidc.mode = 'ok'
  oauth = await reopen()
})
afterEach(async () => {
  await oauth.close()
  folder.remove()
})

async function reopen(): Promise<OAuth> {
  const tokenFile = join(folder.path, 'oauth', 'tokens.json')
  const opened = await openOAuth(
    { ...oidc.settings, tokenFile },
    { publicUrl: 'http://127.0.0.1:9090', log: (...line) => lines.push(JSON.stringify(line)) },
  )
  if (!opened.ok) throw new Error(opened.error.join())
  return opened.value
}

async function signIn(name: string): Promise<Response> {
  const started = await oauth.logins.start({ redirect: 'loopback' })
  return fetch(await oidc.signIn(started.url, name))
}

async function credential(): Promise<Credential> {
  const answer = await oauth.accounts.credentialFor({})
  if (answer.kind !== 'credential') throw new Error(JSON.stringify(answer))
  return answer.credential
}

function storedRefreshToken(): string {
  return JSON.parse(readFileSync(join(folder.path, 'oauth', 'tokens.json'), 'utf8')).tokens[0].refresh_token
}

async function callApi({ authorization }: Credential): Promise<number> {
  return (await fetch(oidc.apiUrl, { headers: { authorization: authorization.reveal() } })).status
}

describe('against a real authorization server', () => {
  test('a login brings tokens that the API takes, a refresh brings others, and both survive a restart', async () => {
    const page = await signIn('ada')
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('ada@example.com is signed in')
    const first = await credential()
    expect(await callApi(first)).toBe(200)
    const renewed = await oauth.accounts.refresh(first)
    if (renewed.kind !== 'renewed') throw new Error(renewed.kind)
    expect(renewed.credential.authorization.reveal()).not.toBe(first.authorization.reveal())
    expect(await callApi(renewed.credential)).toBe(200)
    await oauth.close()
    oauth = await reopen()
    expect(await callApi(await credential())).toBe(200)
    expect((await oauth.accounts.refreshByHand('ADA@example.com')).kind).toBe('renewed')
  })

  test('a login that the server has ended needs a new one, and the new one works', async () => {
    await signIn('bob')
    const old = await credential()
    oidc.revokeAll()
    expect(await callApi(old)).toBe(401)
    const answer = await oauth.accounts.refresh(old)
    expect(answer).toMatchObject({ kind: 'login-required', message: expect.stringContaining('lb login') })
    expect((await oauth.accounts.credentialFor({})).kind).toBe('login-required')
    await signIn('bob')
    expect(await callApi(await credential())).toBe(200)
  })

  test('a second callback is refused, and says that the first one counted', async () => {
    const started = await oauth.logins.start({ redirect: 'loopback' })
    const back = await oidc.signIn(started.url, 'cy')
    const first = await oauth.logins.callback(new URL(back).search)
    expect(first.page.status).toBe(200)
    const second = await oauth.logins.callback(new URL(back).search)
    expect(second.page.status).toBe(400)
    expect(second.page.body).toContain('This login was already used')
  })

  test('a state of another lb, or none, or a wrong one is refused before anything is sent', async () => {
    const other = await oauth.logins.start({ redirect: 'loopback' })
    const back = new URL(await oidc.signIn(other.url, 'dee'))
    await oauth.close()
    oauth = await reopen()
    const calls = oidc.counts.tokenCalls
    expect((await oauth.logins.callback(back.search)).page.body).toContain('This login is not known')
    const started = await oauth.logins.start({ redirect: 'loopback' })
    back.searchParams.set('state', 'x'.repeat(43))
    expect((await oauth.logins.callback(back.search)).page.status).toBe(400)
    back.searchParams.delete('state')
    expect((await oauth.logins.callback(back.search)).page.body).toContain('The code is not whole')
    expect(oidc.counts.tokenCalls).toBe(calls)
    await started.cancel()
  })

  test('the code of one login under the state of another fails at the server: the verifier does not fit', async () => {
    const mine = await oauth.logins.start({ redirect: 'loopback' })
    const theirs = await oauth.logins.start({ redirect: { uri: mine.redirectUri } })
    const back = new URL(await oidc.signIn(mine.url, 'eve'))
    const stolen = new URL(theirs.url).searchParams.get('state') ?? ''
    back.searchParams.set('state', stolen)
    const { page } = await oauth.logins.callback(back.search)
    expect(page.status).toBe(400)
    expect(page.body).toContain('The login did not work')
    expect((await oauth.accounts.credentialFor({})).kind).toBe('login-required')
  })

  test('several logins at once do not disturb each other', async () => {
    const names = ['f1', 'f2', 'f3', 'f4']
    const started = await Promise.all(names.map(() => oauth.logins.start({ redirect: 'loopback' })))
    const backs = await Promise.all(started.map((login, index) => oidc.signIn(login.url, names[index] ?? '')))
    const pages = await Promise.all(backs.reverse().map((back) => fetch(back)))
    expect(pages.map((page) => page.status)).toEqual([200, 200, 200, 200])
    const { accounts } = await oauth.accounts.list()
    expect(accounts.map((account) => account.account_email).sort()).toEqual(names.map((name) => `${name}@example.com`))
  })

  test('a listener answers only on its path, and is gone after its callback', async () => {
    const started = await oauth.logins.start({ redirect: 'loopback' })
    const { origin, pathname } = new URL(started.redirectUri)
    expect(pathname).toBe('/callback')
    expect((await fetch(`${origin}/callbackx?state=1&code=1`)).status).toBe(404)
    expect((await fetch(`${origin}/callback`, { method: 'POST' })).status).toBe(404)
    // A stranger's knock is refused, and does not end the wait.
    expect((await fetch(`${origin}/callback?state=1&code=1`)).status).toBe(400)
    expect((await fetch(await oidc.signIn(started.url, 'gus'))).status).toBe(200)
    expect((await started.outcome).ok).toBe(true)
    await expect(fetch(`${origin}/callback?state=1&code=1`)).rejects.toThrow()
  })

  test('signing in as somebody else than was asked for is refused', async () => {
    const started = await oauth.logins.start({ redirect: 'loopback', account: 'hal@example.com' })
    expect(new URL(started.url).searchParams.get('login_hint')).toBe('hal@example.com')
    const page = await fetch(await oidc.signIn(started.url, 'ida'))
    expect(page.status).toBe(400)
    expect(await page.text()).toContain('Another account signed in')
    expect((await oauth.accounts.list()).accounts).toEqual([])
  })

  test('a slow server is waited for; one that is down, or loses the answer, leaves the access token in use', async () => {
    await signIn('jo')
    oidc.mode = 'slow'
    const renewed = await oauth.accounts.refreshByHand('jo@example.com')
    expect(renewed.kind).toBe('renewed')
    oidc.mode = 'down'
    expect((await oauth.accounts.refreshByHand('jo@example.com')).kind).toBe('unavailable')
    expect(await callApi(await credential())).toBe(200)
    oidc.mode = 'answer-lost'
    expect((await oauth.accounts.refreshByHand('jo@example.com')).kind).toBe('unavailable')
    expect((await credential()).rotation).toBe(2)
  })

  test('somebody who uses a stolen, used refresh token ends the login: that shows, and only a login heals it', async () => {
    await signIn('lea')
    const stolen = storedRefreshToken()
    await oauth.accounts.refreshByHand('lea@example.com')
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: stolen, client_id: 'lb' })
    const before = oidc.counts.revokedLogins
    await fetch(`${oidc.issuer}/token`, { method: 'POST', body })
    expect(oidc.counts.revokedLogins).toBe(before + 1)
    const refused = await credential()
    expect(await callApi(refused)).toBe(401)
    expect((await oauth.accounts.refresh(refused)).kind).toBe('login-required')
  })

  test('a logout is told to the server, which then takes the refresh token no more', async () => {
    await signIn('kim')
    const refreshToken = storedRefreshToken()
    expect(await oauth.accounts.remove('kim@example.com')).toBe(true)
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: 'lb' })
    const response = await fetch(`${oidc.issuer}/token`, { method: 'POST', body })
    expect(response.status).toBe(400)
  })
})
