import { type Config, Secret } from '@lb/config'
import { type OAuth, type OAuthSettings, openOAuth } from '../oauth/index.ts'
import type { Log } from '../telemetry/log.ts'
import type { LiveConfig } from './live-config.ts'
import { oauthSettings } from './oauth-settings.ts'

/** The stored logins, kept in step with the configuration. */
export interface Logins {
  /** `undefined`: they are switched off, or cannot be had. */
  current(): OAuth | undefined
  /** @param publicUrl where browsers find lb. */
  open(publicUrl: string): Promise<void>
  close(): Promise<void>
}

/** @param folder what relative paths in the configuration are relative to. */
export function createLogins({ current, onReload }: LiveConfig, folder: string, log: Log): Logins {
  let oauth: OAuth | undefined
  let publicUrl: string | undefined
  let work = Promise.resolve()

  /** One after the other: two of them must not hold the same file. */
  function reopen(): Promise<void> {
    work = work.then(async () => {
      const before = oauth
      oauth = undefined
      await before?.close()
      if (publicUrl !== undefined) oauth = await openLogins(current().config, folder, publicUrl, log)
    })
    return work
  }

  onReload((now, before) => {
    if (publicUrl !== undefined && !isSame(oauthSettings(now.config, folder), oauthSettings(before.config, folder)))
      void reopen()
  })
  return {
    current: () => oauth,
    open(url) {
      publicUrl = url
      return reopen()
    },
    close() {
      publicUrl = undefined
      return reopen()
    },
  }
}

/** What is wrong with them is said; lb serves without them. */
async function openLogins(config: Config, folder: string, publicUrl: string, log: Log): Promise<OAuth | undefined> {
  if (!config.settings.oauth.enabled) return undefined
  const opened = await openOAuth(oauthSettings(config, folder), {
    publicUrl,
    log: (level, event, message, fields = {}) => log[level]({ event: `oauth_${event}`, ...fields }, message),
  })
  if (opened.ok) return opened.value
  for (const problem of opened.error) log.error({ event: 'oauth_unavailable' }, problem)
  return undefined
}

/** Compared with the secrets in them, and with what of other settings they use. Neither text leaves this function. */
function isSame(a: OAuthSettings, b: OAuthSettings): boolean {
  const reveal = (_: string, value: unknown): unknown => (value instanceof Secret ? value.reveal() : value)
  return JSON.stringify(a, reveal) === JSON.stringify(b, reveal)
}
