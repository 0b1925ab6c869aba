import { type AccountFile, emptyFile } from '@lb/oauth'
import { ok } from '@lb/protocol'
import type { FileLock } from './file-lock.ts'
import type { TokenStore } from './token-store.ts'

/** Accounts that are kept nowhere: they end with the process. For `enable_persistence: false`, and for tests. */
export function createMemoryStore(): TokenStore {
  let file: AccountFile = emptyFile
  const turns = new Map<string, Promise<void>>()
  let locks = 0

  return {
    place: 'memory only; logins end with this process',
    read: async () => ok({ file, origin: 'current' }),
    async update(edit) {
      const edited = edit(file, 'current')
      if (edited.ok && edited.value !== file) file = { ...edited.value, generation: file.generation + 1 }
      return edited.ok ? ok(file) : edited
    },
    stamp: async () => String(file.generation),
    async lock(name) {
      const turn = turns.get(name) ?? Promise.resolve()
      let release = (): void => undefined
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      turns.set(
        name,
        turn.then(() => released),
      )
      await turn
      locks += 1
      const lock: FileLock = {
        id: String(locks),
        tookOver: false,
        isHeld: async () => true,
        release: async () => release(),
      }
      return lock
    },
    close: async () => undefined,
  }
}
