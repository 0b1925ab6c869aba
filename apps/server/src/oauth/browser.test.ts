import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isMissing } from '../testing/parts.ts'
import { type OAuth, openOAuth } from './oauth.ts'
import { type MountedServer, startMountedServer } from './testing/mount.ts'
import { type OidcServer, startOidcServer } from './testing/oidc-server.ts'
import { testFolder } from './testing/world.ts'

/** Debian's; another place may be named. */
const CHROMIUM = process.env['LB_CHROMIUM'] ?? '/usr/bin/chromium'
const hasNoBrowser = isMissing('chromium', [CHROMIUM])
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync']

let server: MountedServer
let own: OidcServer
let preset: OidcServer
let browser: Browser
let atOwnCallback: OAuth
const folder = testFolder()
const MINUTE_MS = 60_000

async function open(oidc: OidcServer, name: string): Promise<OAuth> {
  const settings = { ...oidc.settings, tokenFile: join(folder.path, name, 'tokens.json') }
  const opened = await openOAuth(settings, { publicUrl: server.url, log: () => undefined })
  if (!opened.ok) throw new Error(opened.error.join())
  return opened.value
}

beforeAll(async () => {
  if (hasNoBrowser) return
  server = await startMountedServer()
  own = await startOidcServer(`${server.url}/oauth/callback`)
  preset = await startOidcServer()
  atOwnCallback = await open(own, 'own')
  browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...QUIET] })
}, MINUTE_MS)

afterAll(async () => {
  await browser?.close()
  await atOwnCallback?.close()
  await own?.close()
  await preset?.close()
  await server?.close()
  folder.remove()
})

/** Fills the provider's pages: name, then consent. Ends where the provider sends the browser. */
async function signIn(page: Page, name: string): Promise<void> {
  await page.fill('input[name=login]', name)
  await page.fill('input[name=password]', 'any')
  await page.click('button[type=submit]')
  await page.click('button[type=submit]')
  await page.waitForURL(/callback/)
}

async function inBrowser(work: (page: Page, context: BrowserContext) => Promise<void>): Promise<void> {
  const context = await browser.newContext()
  try {
    await work(await context.newPage(), context)
  } finally {
    await context.close()
  }
}

describe.skipIf(hasNoBrowser)('a login in a real browser', () => {
  test('opened at /oauth/authorize comes back to /oauth/callback, says that it worked, and the API takes the token', {
    timeout: MINUTE_MS,
  }, async () => {
    server.mount(atOwnCallback.routes)
    await inBrowser(async (page) => {
      const errors: string[] = []
      page.on('console', (message) => errors.push(message.text()))
      await page.goto(`${server.url}/oauth/authorize`)
      await signIn(page, 'ada')
      expect(await page.textContent('h1')).toBe('It worked')
      expect(await page.textContent('main')).toContain('ada@example.com is signed in')
      // The policy lets the page's one style through, and there was nothing else to complain of.
      expect(await page.evaluate('getComputedStyle(document.querySelector("main")).padding')).toBe('32px')
      expect(errors.filter((error) => /Content.Security/i.test(error))).toEqual([])
      await page.reload()
      expect(await page.textContent('h1')).toBe('This login was already used')
    })
    const answer = await atOwnCallback.accounts.credentialFor({ pinnedEmail: 'ada@example.com' })
    if (answer.kind !== 'credential') throw new Error(answer.kind)
    const headers = { authorization: answer.credential.authorization.reveal() }
    expect((await fetch(own.apiUrl, { headers })).status).toBe(200)
  })

  test('is refused in another browser than the one it was started in, and still works in the right one', {
    timeout: MINUTE_MS,
  }, async () => {
    server.mount(atOwnCallback.routes)
    await inBrowser(async (page) => {
      let callback = ''
      server.catchCallback((url) => {
        callback = `${server.url}${url}`
        return { status: 200, headers: {}, body: 'held' }
      })
      await page.goto(`${server.url}/oauth/authorize`)
      await signIn(page, 'bob')
      await inBrowser(async (foreign) => {
        const response = await foreign.goto(callback)
        expect(response?.status()).toBe(400)
        expect(await foreign.textContent('h1')).toBe('This login belongs to another browser')
      })
      await page.goto(callback)
      expect(await page.textContent('h1')).toBe('It worked')
    })
  })

  test('with a changed state is refused on a clear page', { timeout: MINUTE_MS }, async () => {
    server.mount(atOwnCallback.routes)
    await inBrowser(async (page) => {
      server.catchCallback((path) => {
        const url = new URL(path, server.url)
        url.searchParams.set('state', '<script>alert(1)</script>')
        return { status: 302, headers: { location: url.href }, body: '' }
      })
      await page.goto(`${server.url}/oauth/authorize`)
      await signIn(page, 'cy')
      expect(await page.textContent('h1')).toBe('This login is not known')
    })
  })

  test('that the person refuses says so', { timeout: MINUTE_MS }, async () => {
    server.mount(atOwnCallback.routes)
    await inBrowser(async (page) => {
      await page.goto(`${server.url}/oauth/authorize`)
      await page.click('text=[ Cancel ]')
      await page.waitForURL(/callback/)
      expect(await page.textContent('h1')).toBe('The login was refused')
      expect(await page.textContent('main')).toContain('access_denied')
    })
  })

  test('with a provider that knows a loopback address comes back to a listener of its own', {
    timeout: MINUTE_MS,
  }, async () => {
    const oauth = await open(preset, 'preset')
    server.mount(oauth.routes)
    await inBrowser(async (page) => {
      await page.goto(`${server.url}/oauth/authorize`)
      await signIn(page, 'dee')
      expect(new URL(page.url()).hostname).toBe('localhost')
      expect(new URL(page.url()).port).not.toBe(new URL(server.url).port)
      expect(await page.textContent('h1')).toBe('It worked')
    })
    expect((await oauth.accounts.list()).accounts.map((account) => account.account_email)).toEqual(['dee@example.com'])
    await oauth.close()
  })
})
