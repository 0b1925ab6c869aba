import type { ClientKey, ClientKeyFields, Provider, ServerAuth, Settings, SettingsFields } from '../config.ts'
import type { Findings } from '../problem.ts'
import { isLoopback } from '../read/host.ts'
import { nearest } from '../read/suggest.ts'
import type { Secret } from '../secret.ts'
import type { Path } from '../yaml/tree.ts'
import { checkKeptFiles } from './kept-files.ts'
import { checkOAuth } from './oauth.ts'

type PathOf = (made: object) => Path

/** 128 bits in base64; a shorter key can be guessed by somebody with time. */
const keyUnitsMin = 22

/** What usage, logs and limits call those who hold none of `settings.auth.keys`. */
const takenNames: readonly string[] = ['nobody', 'api_key', 'admin_key']

/** The settings, checked as a whole: who gets in, and whether the doors match the address. */
export function checkSettings(
  fields: SettingsFields,
  providers: readonly Provider[],
  pathOf: PathOf,
  findings: Findings,
): Settings {
  const path = ['settings', 'auth']
  // Without auth they have no effect, and their variables need not be set.
  const keys = fields.auth.enabled ? checkClientKeys(fields.auth, providers, pathOf, findings) : []
  const auth: ServerAuth = { ...fields.auth, keys }
  if (auth.enabled) checkAuth(auth, path, findings)
  else if (!isLoopback(fields.host) && !findings.hasErrorUnder(path)) {
    findings.error(
      ['settings', 'host'],
      `listening on ${fields.host} without settings.auth would let everybody who reaches it spend your keys`,
      'set settings.auth.enabled: true and settings.auth.api_key, or settings.host: 127.0.0.1',
    )
  }
  if (!fields.oauth.enabled && providers.some((provider) => provider.auth.kind === 'oauth')) {
    const named = providers.filter((provider) => provider.auth.kind === 'oauth').map((provider) => `"${provider.name}"`)
    findings.notice(
      ['settings', 'oauth', 'enabled'],
      `stored logins are off, so ${[...new Set(named)].join(', ')} cannot be used`,
      "set settings.oauth.enabled: true if the provider's terms allow it, or use an API key or auth_value: passthrough",
    )
  }
  for (const [index, host] of fields.allowedHosts.entries()) {
    if (!/[/*]/.test(host)) continue
    const at = ['settings', 'allowed_hosts', index]
    findings.notice(at, 'only a host name counts, with or without port', 'write it out: lb.example.com')
  }
  checkOAuth(fields.oauth, findings)
  checkKeptFiles(fields, findings)
  return { ...fields, auth }
}

function checkAuth(auth: ServerAuth, path: Path, findings: Findings): void {
  if (auth.apiKey === undefined && auth.keys.length === 0) {
    // The path of the whole section: if any of its keys is already reported as wrong, that is the reason.
    findings.error(
      path,
      'enabled without any key, so nobody could get in',
      'set settings.auth.api_key or settings.auth.keys',
    )
  } else if (auth.apiKey === undefined && auth.adminKey === undefined) {
    findings.notice(
      path,
      'without api_key and admin_key the management routes are closed',
      'set settings.auth.admin_key to use them',
    )
  }
  if (auth.apiKey !== undefined && auth.adminKey?.equals(auth.apiKey)) {
    findings.error([...path, 'admin_key'], 'the same key as api_key', 'make another one, or leave admin_key out')
  }
  const single = { api_key: auth.apiKey, admin_key: auth.adminKey }
  for (const [name, key] of Object.entries(single)) warnOfKey(key, [...path, name], findings)
  for (const [index, exempt] of auth.exemptPaths.entries()) {
    noteExempt(exempt, [...path, 'exempt_paths', index], findings)
  }
}

/** The predecessor took any text here, and so do we; what it does is said where it is not what it looks like. */
function noteExempt(exempt: string, path: Path, findings: Findings): void {
  if (!exempt.startsWith('/') || /[*?]/.test(exempt)) {
    findings.notice(path, 'only exact paths count, so this exempts nothing', 'write the path out: /health')
  } else if (exempt.startsWith('/v1/')) {
    findings.notice(path, 'everybody who reaches lb may spend your keys here', 'leave it out, or give them keys')
  } else if (/^\/(?:providers\/|cleanup$|oauth\/(?!callback$))/.test(exempt)) {
    findings.notice(path, 'everybody who reaches lb may manage it here', 'leave it out, or give them the admin key')
  }
}

/** What a client could not send as it stands, and what it need not know to get in. */
function warnOfKey(key: Secret | undefined, path: Path, findings: Findings): void {
  if (key === undefined) return
  const better = 'make one with: openssl rand -hex 32'
  if (!/^[\x20-\x7e]*$/.test(key.reveal())) {
    findings.notice(path, 'a header cannot hold these characters as they are, so this key may let nobody in', better)
  } else if (key.length < keyUnitsMin) {
    findings.notice(path, `a key shorter than ${keyUnitsMin} characters can be guessed`, better)
  }
}

function checkClientKeys(
  { keys: list, apiKey, adminKey }: SettingsFields['auth'],
  providers: readonly Provider[],
  pathOf: PathOf,
  findings: Findings,
): readonly ClientKey[] {
  const keys: ClientKey[] = []
  for (const fields of list) {
    const path = pathOf(fields)
    if (findings.hasErrorUnder(path)) continue
    const { key: _key, keySha256: _keySha256, ...rest } = fields
    checkKeyProviders(fields, providers, [...path, 'providers'], findings)
    if (takenNames.includes(fields.name)) {
      findings.error([...path, 'name'], `"${fields.name}" is what lb calls others`, 'give it another name')
    }
    if (keys.some((other) => other.name === fields.name)) {
      findings.error([...path, 'name'], `a second key named "${fields.name}"`, 'give it another name')
    }
    const credential = readCredential(fields, path, findings)
    if (credential === undefined) continue
    const made = { ...rest, credential }
    const shared = credential.kind === 'key' ? [apiKey, adminKey].some((other) => other?.equals(credential.key)) : false
    if (shared) findings.error([...path, 'key'], 'the same key as api_key or admin_key', 'make another one')
    if (keys.some((other) => isSameCredential(made, other))) {
      findings.error(path, 'the same key as one before it', 'give every holder a key of their own')
    }
    keys.push(made)
  }
  return keys
}

function checkKeyProviders(
  fields: ClientKeyFields,
  providers: readonly Provider[],
  path: Path,
  findings: Findings,
): void {
  if (findings.hasErrorUnder(['providers'])) return
  const known = providers.flatMap(({ id, name }) => [name, id])
  for (const name of fields.providers ?? []) {
    if (known.includes(name)) continue
    const meant = nearest(name, known)
    const suggestion = meant === undefined ? undefined : `did you mean "${meant}"?`
    findings.notice(path, `there is no enabled provider "${name}"`, suggestion)
  }
}

function readCredential(fields: ClientKeyFields, path: Path, findings: Findings): ClientKey['credential'] | undefined {
  const { key, keySha256 } = fields
  warnOfKey(key, [...path, 'key'], findings)
  if (key !== undefined && keySha256 === undefined) return { kind: 'key', key }
  if (key === undefined && keySha256 !== undefined) return { kind: 'sha256', hex: keySha256 }
  if (key === undefined) findings.error([...path, 'key'], 'missing', 'write key or key_sha256')
  else findings.error([...path, 'key_sha256'], 'key is there, too', 'keep one of the two')
  return undefined
}

/** Two holders of one key could not be told apart. */
function isSameCredential({ credential: one }: ClientKey, { credential: other }: ClientKey): boolean {
  if (one.kind === 'key') return other.kind === 'key' && other.key.equals(one.key)
  return other.kind === 'sha256' && other.hex === one.hex
}
