import { claudeAuthority } from '@lb/oauth'
import { beforeEach, describe, expect, test } from 'vitest'
import { accounts, login, logout, type Terminal } from './commands.ts'
import { createLogins, type Logins } from './logins.ts'
import { settle } from './testing/virtual-time.ts'
import { createWorld, type World } from './testing/world.ts'

let world: World
let logins: Logins
let printed: string[] = []
let opened: string[] = []
/** Lines that the person types, one after the other; nobody is there when they are used up. */
let typed: ((url: URL) => string)[] = []

const terminal: Terminal = {
  print: (line) => {
    printed.push(line)
  },
  ask: async () => {
    const next = typed.shift()
    return next?.(new URL(printed.find((line) => line.includes('https://'))?.trim() ?? ''))
  },
  browse: async (url) => {
    opened.push(url)
    return true
  },
}

beforeEach(async () => {
  world = await createWorld()
  const { accounts: stored, server, time } = world
  logins = createLogins({
    authority: claudeAuthority,
    accounts: stored,
    client: server,
    clock: time,
    log: () => undefined,
  })
  printed = []
  opened = []
  typed = []
})

const oauth = (): { logins: Logins; authority: typeof claudeAuthority } => ({ logins, authority: claudeAuthority })

describe('lb login', () => {
  test('opens the browser, and ends when it comes back', async () => {
    const code = login(oauth(), terminal, {})
    await settle()
    while (opened.length === 0) await settle()
    const url = new URL(opened[0] ?? '')
    const redirect = url.searchParams.get('redirect_uri') ?? ''
    expect(redirect).toMatch(/^http:\/\/localhost:\d+\/callback$/)
    const back = `${redirect}?code=good:a@x.com&state=${url.searchParams.get('state')}`
    expect((await fetch(back.replace('localhost', '127.0.0.1'))).status).toBe(200)
    expect(await code).toBe(0)
    expect(printed.at(-1)).toBe('a@x.com is signed in.')
    expect((await world.accounts.credentialFor({})).kind).toBe('credential')
  })

  test('takes a pasted code, after a first one that was not whole', async () => {
    typed = [() => 'good:a@x.com', (url) => `good:a@x.com#${url.searchParams.get('state')}`]
    expect(await login(oauth(), terminal, { manual: true })).toBe(0)
    expect(opened).toEqual([])
    expect(printed.join('\n')).toContain('The part after the # is missing')
    expect(printed.at(-1)).toBe('a@x.com is signed in.')
  })

  test('takes the pasted address while the listener waits', async () => {
    typed = [
      (url) => `${url.searchParams.get('redirect_uri')}?code=good:a@x.com&state=${url.searchParams.get('state')}`,
    ]
    expect(await login(oauth(), terminal, { account: 'a@x.com' })).toBe(0)
  })

  test('says so at once where a code must be pasted and nobody is there', async () => {
    expect(await login(oauth(), terminal, { manual: true })).toBe(1)
    expect(printed.at(-1)).toContain('There is nobody to paste the code.')
  })

  test('says why it did not work', async () => {
    typed = [() => 'code#of-another-login']
    expect(await login(oauth(), terminal, { manual: true })).toBe(1)
    expect(printed.at(-1)).toContain('This login is not known')
  })

  test('gives up after its time', async () => {
    expect(await login(oauth(), terminal, { signal: AbortSignal.timeout(50) })).toBe(1)
    expect(printed.at(-1)).toContain('Nobody signed in within ten minutes')
  })
})

describe('lb accounts', () => {
  test('shows who is signed in, how long, how well, how much used and how much is left', async () => {
    await world.signIn('a@x.com')
    await world.signIn('somebody.else@example.com')
    await world.accounts.credentialFor({ pinnedEmail: 'a@x.com' })
    world.accounts.reportQuota('a@x.com', { 'anthropic-ratelimit-unified-5h-utilization': '0.42' }, 'claude')
    world.server.revokeAll()
    await world.accounts.refreshByHand('somebody.else@example.com')
    expect(await accounts(world.accounts, terminal)).toBe(0)
    expect(printed).toEqual([
      'ACCOUNT                    EXPIRES  HEALTH        USES  LAST USED  QUOTA',
      'a@x.com                    8h       good          1     just now   5h 42%',
      'somebody.else@example.com  8h       log in again  0     Never      -',
      'Kept in: memory only; logins end with this process',
    ])
  })

  test('says so when nobody is', async () => {
    await accounts(world.accounts, terminal)
    expect(printed[0]).toBe('Nobody is signed in. Run "lb login".')
  })
})

describe('lb logout', () => {
  test('signs out, and knows who was not signed in', async () => {
    await world.signIn('a@x.com')
    expect(await logout(world.accounts, terminal, 'A@x.com')).toBe(0)
    expect(await logout(world.accounts, terminal, 'a@x.com')).toBe(1)
    expect(printed).toEqual(['A@x.com is signed out.', 'a@x.com was not signed in.'])
  })
})
