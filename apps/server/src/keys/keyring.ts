import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { ClientKey, ServerAuth } from '@lb/config'
import type { RouteProvider } from '@lb/router'
import { administrator, type Caller, holderOf, sharedHolder } from './caller.ts'

/**
 * The keys that open lb, kept as digests.
 *
 * A presented key is compared with every key, whether one has matched already or not, and what is compared are HMACs under a
 * key that exists in this process only: how long it takes says nothing about any key, nor about which one it was.
 */
export interface Keyring {
  /** Whose key this is; `undefined`: nobody's. */
  holderOf(presented: string): Caller | undefined
}

interface Entry {
  readonly digest: Buffer
  readonly caller: Caller
}

/**
 * Makes the ring of a configuration.
 *
 * @param bootKey drawn anew in every process.
 */
export function createKeyring(auth: ServerAuth, providers: readonly RouteProvider[], bootKey: Buffer): Keyring {
  const digest = (sha256: Buffer): Buffer => createHmac('sha256', bootKey).update(sha256).digest()
  const entries: Entry[] = auth.keys.map((key) => ({
    digest: digest(sha256Of(key)),
    caller: holderOf(key, providers),
  }))
  if (auth.apiKey !== undefined) {
    entries.push({ digest: digest(sha256(auth.apiKey.reveal())), caller: sharedHolder(auth) })
  }
  if (auth.adminKey !== undefined) {
    entries.push({ digest: digest(sha256(auth.adminKey.reveal())), caller: administrator })
  }
  // From last to first: should two entries be the same key, the one that may less is the holder.
  entries.reverse()
  return {
    holderOf(presented) {
      const presentedDigest = digest(sha256(presented))
      let found: Caller | undefined
      for (const { digest: known, caller } of entries) {
        if (timingSafeEqual(known, presentedDigest)) found = caller
      }
      return found
    },
  }
}

function sha256Of({ credential }: ClientKey): Buffer {
  return credential.kind === 'sha256' ? Buffer.from(credential.hex, 'hex') : sha256(credential.key.reveal())
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
