import type { Config } from '@lb/config'
import { err, type Result } from '@lb/protocol'
import { type OAuth, type OAuthLog, type OAuthSettings, openOAuth } from '../oauth/index.ts'
import { pathFrom } from './path-from.ts'

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
    ...(tokenFile === undefined ? {} : { tokenFile: pathFrom(folder, tokenFile) }),
    ...(encryptionKeyFile === undefined ? {} : { encryptionKeyFile: pathFrom(folder, encryptionKeyFile) }),
  }
}

const strategies = {
  round_robin: 'round-robin',
  least_used: 'least-used',
  most_headroom: 'most-headroom',
} as const

/**
 * Opens the stored logins of a configuration for a command beside the server: what is renewed is renewed on request only.
 *
 * @param folder what relative paths are relative to: the folder of the config file.
 * @param say tells the person what the log would: the provider's terms, a file that others could read.
 * @returns problems in sentences when stored logins are off, wrongly set up, or their file is refused.
 */
export async function openLogins(
  config: Config,
  folder: string,
  say: (line: string) => void,
): Promise<Result<OAuth, readonly string[]>> {
  const { oauth, host, port } = config.settings
  if (!oauth.enabled) return err([loginsAreOff])
  const settings = { ...oauthSettings(config, folder), enableAutoRefresh: false }
  const log: OAuthLog = (level, _, message) => level !== 'info' && say(message)
  return openOAuth(settings, { publicUrl: `http://${host}:${port}`, log })
}

const loginsAreOff =
  'stored logins are off. "settings: { oauth: { enabled: true } }" turns them on; docs/guides/oauth.md says what that means.'
