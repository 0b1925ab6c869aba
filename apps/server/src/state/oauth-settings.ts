import { resolve } from 'node:path'
import type { Config } from '@lb/config'
import type { OAuthSettings } from '../oauth/index.ts'

/**
 * `settings.oauth` in the words of the OAuth rooms.
 *
 * @param folder what relative paths are relative to: the folder of the config file.
 */
export function oauthSettings({ settings }: Config, folder: string): OAuthSettings {
  const { proxy, accountSelection, tokenFile, encryptionKeyFile, ...same } = settings.oauth
  return {
    ...same,
    affinityTtlMs: settings.stickyProviderDurationMs,
    strategy: strategies[accountSelection],
    ...(proxy === undefined ? {} : { proxy: proxy.url }),
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(folder, tokenFile) }),
    ...(encryptionKeyFile === undefined ? {} : { encryptionKeyFile: resolve(folder, encryptionKeyFile) }),
  }
}

const strategies = {
  round_robin: 'round-robin',
  least_used: 'least-used',
  most_headroom: 'most-headroom',
} as const
