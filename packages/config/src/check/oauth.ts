import type { SettingsFields } from '../config.ts'
import type { Findings } from '../problem.ts'
import { isLoopback } from '../read/host.ts'
import type { Path } from '../yaml/tree.ts'

type OAuthFields = SettingsFields['oauth']

const path = ['settings', 'oauth']

/** Shorter ones are words that somebody can try out. */
const encryptionKeyUnitsMin = 16

/** Where credentials of people go, and what keeps them: checked here, or it would be found when the first one signs in. */
export function checkOAuth(fields: OAuthFields, findings: Findings): void {
  if (fields.encryptionKey !== undefined && fields.encryptionKeyFile !== undefined) {
    findings.error([...path, 'encryption_key_file'], 'encryption_key is there, too', 'keep one of the two')
  }
  if (!fields.enabled) return
  const { authorizeUrl, tokenUrl, revokeUrl, redirectUri, encryptionKey } = fields
  const urls = { authorize_url: authorizeUrl, token_url: tokenUrl, revoke_url: revokeUrl, redirect_uri: redirectUri }
  for (const [key, url] of Object.entries(urls)) checkSafe(url, [...path, key], findings)
  const key = encryptionKey?.reveal()
  if (key !== undefined && key !== 'keyring' && key.length < encryptionKeyUnitsMin) {
    findings.error(
      [...path, 'encryption_key'],
      `must have at least ${encryptionKeyUnitsMin} characters`,
      'make one with: openssl rand -base64 32',
    )
  }
}

function checkSafe(text: string | undefined, at: Path, findings: Findings): void {
  if (text === undefined) return
  const { protocol, hostname } = new URL(text)
  if (protocol === 'http:' && !isLoopback(hostname)) {
    findings.error(at, 'must begin with https://; http:// is for this machine only', 'tokens and codes go there')
  }
}
