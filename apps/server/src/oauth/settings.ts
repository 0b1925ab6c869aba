import { isAbsolute, join } from 'node:path'
import type { Secret } from '@lb/config'
import {
  type AccountStrategy,
  type Authority,
  authorityProblems,
  claudeAuthority,
  isLoopbackHost,
  parseUrl,
} from '@lb/oauth'
import { homeFolder } from '../home-folder.ts'

/**
 * What the user may set about OAuth, in plain values; the config's reader maps `settings.oauth.*` to it. All but `enabled`
 * have defaults: the Claude preset for what concerns the authority, and safe ones for the rest.
 */
export interface OAuthSettings {
  /** Nothing of OAuth exists while this is `false`. */
  readonly enabled: boolean
  readonly authorizeUrl?: string
  readonly tokenUrl?: string
  readonly revokeUrl?: string
  readonly issuer?: string
  /** Where the browser comes back to. Ends in `/oauth/callback`: lb's own server takes it; else: a page that shows the code. */
  readonly redirectUri?: string
  readonly clientId?: string
  readonly clientSecret?: Secret
  readonly scopes?: readonly string[]
  readonly tokenBody?: 'json' | 'form'
  /** An empty text: none. */
  readonly betaHeader?: string
  /** For token requests only. A secret, because it may hold a password. */
  readonly proxy?: Secret
  /** Refresh ahead of need. Default `true`; else a token is refreshed when a request cannot do without. */
  readonly enableAutoRefresh?: boolean
  /** Keep logins across restarts. Default `true`. */
  readonly enablePersistence?: boolean
  /** Our name in the operating system's keyring. Default `lb`. */
  readonly serviceName?: string
  /** Default: {@link defaultTokenFile}. */
  readonly tokenFile?: string
  /** `keyring`, `file:/path`, or the key itself. Absent, and no key file: the file is plain text. */
  readonly encryptionKey?: Secret
  /** A file that holds the key. Goes before `encryptionKey`. */
  readonly encryptionKeyFile?: string
  /** How a new conversation gets its account. Default `round-robin`. */
  readonly strategy?: AccountStrategy
  /** How long a conversation stays with its account after its last request. Default 300 s. */
  readonly affinityTtlMs?: number
}

/** The path of lb's own callback. */
export const CALLBACK_PATH = '/oauth/callback'

/** The preset with the user's values in place of its own, key by key. */
export function authorityOf(settings: OAuthSettings): Authority {
  const { revokeUrl, issuer, clientSecret, redirectUri } = settings
  const { betaHeader: presetBeta, ...preset } = claudeAuthority
  const betaHeader = settings.betaHeader ?? presetBeta ?? ''
  return {
    ...preset,
    authorizeUrl: settings.authorizeUrl ?? preset.authorizeUrl,
    tokenUrl: settings.tokenUrl ?? preset.tokenUrl,
    clientId: settings.clientId ?? preset.clientId,
    scopes: settings.scopes ?? preset.scopes,
    ...(settings.tokenBody === undefined ? {} : { tokenBody: settings.tokenBody }),
    ...(revokeUrl === undefined ? {} : { revokeUrl }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(clientSecret === undefined ? {} : { clientSecret: clientSecret.reveal() }),
    ...(betaHeader === '' ? {} : { betaHeader }),
    // A redirect that the user names is the only one that the server knows.
    ...(redirectUri === undefined ? {} : { redirects: { manual: redirectUri } }),
  }
}

/** What is wrong with the settings, one sentence each. */
export function settingsProblems(settings: OAuthSettings): string[] {
  const problems = authorityProblems(authorityOf(settings)).map((problem) => `settings.oauth: ${problem}`)
  if (settings.proxy !== undefined && !/^(https?|socks5?):$/.test(parseUrl(settings.proxy.reveal())?.protocol ?? '')) {
    problems.push('settings.oauth.proxy must be an http://, https:// or socks5:// URL')
  }
  return problems
}

/** Whether the configured redirect comes back to lb's own `/oauth/callback`. */
export function isOwnCallback(redirectUri: string): boolean {
  const url = parseUrl(redirectUri)
  return url !== undefined && url.pathname === CALLBACK_PATH
}

/** Whether an authority of `host:port` form means this machine. */
export function isLoopbackAuthority(host: string): boolean {
  const url = parseUrl(`http://${host}`)
  return url !== undefined && isLoopbackHost(url.hostname)
}

/** `~/.config/lb/oauth/tokens.json`, or where the system keeps such things. A folder of its own, so that it can be 0700. */
export function defaultTokenFile(env: Readonly<Record<string, string | undefined>>, platform: string): string {
  const { XDG_CONFIG_HOME: xdg, APPDATA: appData } = env
  const base = platform === 'win32' ? appData : xdg
  return join(
    base === undefined || !isAbsolute(base) ? join(homeFolder(), '.config') : base,
    'lb',
    'oauth',
    'tokens.json',
  )
}

/** What is said at the start when OAuth is on, at WARN: it is the user's decision, made knowingly. */
export const termsNotice: string =
  'oauth: stored logins are on (settings.oauth.enabled). Whether a subscription may be used through a proxy is decided by the ' +
  "provider's terms, not by lb; Anthropic's say that programs should use API keys. lb does not pretend to be another " +
  'program. API keys, or pass-through of your own login, need no stored login: see docs/guides/oauth.md'
