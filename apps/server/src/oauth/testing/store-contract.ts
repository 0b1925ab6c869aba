import { authorityId, claudeAuthority, putLogin, removeAccount, type SignedIn } from '@lb/oauth'
import { err, ok } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import type { TokenStore } from '../token-store.ts'

/** A login to put into a store. */
export function someLogin(email: string, number = 1): SignedIn {
  return {
    email,
    authority: authorityId(claudeAuthority),
    login: `login-${number}`,
    grant: {
      accessToken: `at-canary-${email}-${number}`,
      refreshToken: `rt-canary-${email}-${number}`,
      lifetimeMs: 28_800_000,
      identity: {},
    },
    scopes: ['user:inference'],
    at: { nowMs: 1_000, clockId: 'boot', epochMs: 1_795_000_000_000 },
  }
}

/** What every token store does. */
export function tokenStoreContract(name: string, open: () => Promise<{ store: TokenStore; done: () => void }>): void {
  describe(`${name}: a token store`, () => {
    test('is empty at first', async () => {
      const { store, done } = await open()
      expect(await store.read()).toEqual(ok({ file: { generation: 0, accounts: [] }, origin: 'current' }))
      await store.close()
      done()
    })

    test('keeps what an edit gives, counts the writes, and says that something changed', async () => {
      const { store, done } = await open()
      const before = await store.stamp()
      await store.update((file) => ok(putLogin(file, someLogin('a@x.com'))))
      const between = await store.stamp()
      await store.update((file) => ok(putLogin(file, someLogin('b@x.com'))))
      expect(new Set([before, between, await store.stamp()]).size).toBe(3)
      const read = await store.read()
      if (!read.ok) throw new Error(read.error.message)
      expect(read.value.file.generation).toBe(2)
      expect(read.value.file.accounts.map((account) => account.accessToken)).toEqual([
        'at-canary-a@x.com-1',
        'at-canary-b@x.com-1',
      ])
      await store.close()
      done()
    })

    test('writes nothing when an edit refuses, or gives back what it got', async () => {
      const { store, done } = await open()
      await store.update((file) => ok(putLogin(file, someLogin('a@x.com'))))
      const before = await store.stamp()
      expect(await store.update(() => err('gone' as const))).toEqual(err('gone'))
      expect((await store.update((file) => ok(removeAccount(file, 'nobody')))).ok).toBe(true)
      expect(await store.stamp()).toBe(before)
      await store.close()
      done()
    })

    test('loses none of many edits at once', async () => {
      const { store, done } = await open()
      const emails = Array.from({ length: 20 }, (_, number) => `${number}@x.com`)
      await Promise.all(emails.map((email) => store.update((file) => ok(putLogin(file, someLogin(email))))))
      const read = await store.read()
      expect(read.ok && read.value.file.accounts.length).toBe(20)
      expect(read.ok && read.value.file.generation).toBe(20)
      await store.close()
      done()
    })

    test('gives its lock to one at a time', async () => {
      const { store, done } = await open()
      let inside = 0
      let most = 0
      const once = async (): Promise<void> => {
        const lock = await store.lock('account-1', { waitMs: 10_000 })
        if (typeof lock === 'string') throw new Error(lock)
        inside += 1
        most = Math.max(most, inside)
        await new Promise((resolve) => setImmediate(resolve))
        inside -= 1
        await lock.release()
      }
      await Promise.all(Array.from({ length: 8 }, once))
      expect(most).toBe(1)
      await store.close()
      done()
    })
  })
}
