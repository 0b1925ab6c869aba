import type { Dialect, Provider, ProviderAuth, ProviderFields, ProviderKey } from '../config.ts'
import type { Findings } from '../problem.ts'
import { withoutEnd } from '../read/url.ts'
import type { Secret } from '../secret.ts'
import type { Path } from '../yaml/tree.ts'
import { checkProfile, type KnownProfiles } from './profiles.ts'

type Type = Provider['type']
type PathOf = (made: object) => Path

const dialectOfType: { readonly [T in Type]: Dialect } = { anthropic: 'anthropic', openai: 'chat' }
const typeOfDialect: { readonly [D in Dialect]: Type } = { anthropic: 'anthropic', chat: 'openai', responses: 'openai' }

/** What lb appends to the base URL, and people paste along with it. */
const appended: { readonly [D in Dialect]: readonly string[] } = {
  anthropic: ['/v1/messages', '/v1'],
  chat: ['/chat/completions'],
  responses: ['/responses'],
}

/** The enabled providers, checked as a whole: sign-in, wire format, base URL, identity. */
export function checkProviders(
  all: readonly ProviderFields[],
  pathOf: PathOf,
  findings: Findings,
  profiles?: Readonly<Record<Dialect, KnownProfiles>>,
): readonly Provider[] {
  const providers: Provider[] = []
  const seen = new Map<string, Path>()
  for (const fields of all) {
    if (!fields.enabled) continue
    const path = pathOf(fields)
    const provider = checkProvider(fields, path, pathOf, findings)
    if (provider === undefined) continue
    if (profiles !== undefined) checkProfile(fields, provider.dialect, profiles, path, findings)
    if (seen.has(provider.id)) {
      findings.error(
        [...path, 'name'],
        `a second provider named "${provider.id}"`,
        'give it another name, or an account_email of its own',
      )
    }
    seen.set(provider.id, path)
    providers.push(provider)
  }
  if (providers.length === 0 && !findings.hasErrorUnder(['providers'])) {
    findings.error(['providers'], 'No enabled providers found in configuration', 'add one, or set enabled: true')
  }
  return providers
}

/** `undefined` where something about the provider was reported as wrong. */
function checkProvider(fields: ProviderFields, path: Path, pathOf: PathOf, findings: Findings): Provider | undefined {
  if (findings.hasErrorUnder(path)) return undefined
  const dialect = readDialect(fields, path, findings)
  const { type, dialect: _, authType, authValue, authValues, accountEmail: email, enabled, ...rest } = fields
  if (dialect === undefined) return undefined
  const auth = readAuth(fields, dialect, path, pathOf, findings)
  checkHeaders(fields, path, findings)
  if (auth === undefined || findings.hasErrorUnder(path)) return undefined
  const accountEmail = email?.toLowerCase()
  return {
    ...rest,
    id: accountEmail === undefined ? fields.name : `${fields.name} (${accountEmail})`,
    type: typeOfDialect[dialect],
    dialect,
    baseUrl: readBaseUrl(fields, dialect, path, findings),
    auth,
    ...(accountEmail === undefined ? {} : { accountEmail }),
  }
}

function readDialect({ type, dialect: written }: ProviderFields, path: Path, findings: Findings): Dialect | undefined {
  const dialect = written ?? (type === undefined ? undefined : dialectOfType[type])
  if (dialect === undefined) {
    findings.error([...path, 'type'], 'missing', 'write type: anthropic or type: openai')
    return undefined
  }
  if (type === undefined || typeOfDialect[dialect] === type) return dialect
  const suggestion = `remove one of the two; this dialect belongs to type "${typeOfDialect[dialect]}"`
  findings.error([...path, 'dialect'], `"${dialect}" is not a dialect of type "${type}"`, suggestion)
  return undefined
}

/** The base URL without what lb appends to it. */
function readBaseUrl({ baseUrl }: ProviderFields, dialect: Dialect, path: Path, findings: Findings): string {
  const ending = appended[dialect].find((candidate) => baseUrl.endsWith(candidate))
  if (baseUrl === 'https://api.openai.com') {
    findings.notice([...path, 'base_url'], 'OpenAI answers below /v1 only', `write ${baseUrl}/v1`)
  }
  if (ending === undefined) return baseUrl
  const shorter = withoutEnd(baseUrl.slice(0, -ending.length), '/')
  findings.notice([...path, 'base_url'], `lb itself appends ${appended[dialect][0]}`, `read as ${shorter}; write it so`)
  return shorter
}

/** One union out of `auth_type`, `auth_value` and `auth_values`; the predecessor's words in either place count. */
function readAuth(
  fields: ProviderFields,
  dialect: Dialect,
  path: Path,
  pathOf: PathOf,
  findings: Findings,
): ProviderAuth | undefined {
  const { authType, authValue, authValues } = fields
  const word = authValue?.reveal()
  if (authValue !== undefined && authValues.length > 0) {
    findings.error([...path, 'auth_values'], 'auth_value is there, too', 'keep one of the two')
    return undefined
  }
  if (word === 'passthrough' || authType === 'passthrough') return { kind: 'passthrough' }
  if (word === 'oauth' || authType === 'oauth') {
    const accountEmail = fields.accountEmail?.toLowerCase()
    return { kind: 'oauth', ...(accountEmail === undefined ? {} : { accountEmail }) }
  }
  if (authType === 'none') return { kind: 'none' }
  if (authValue === undefined && authValues.length === 0) {
    findings.error(
      [...path, 'auth_value'],
      `missing, and auth_type "${authType}" needs one`,
      'write the key, or auth_type: none for a provider without',
    )
    return undefined
  }
  const kind = dialect === 'anthropic' && authType === 'api_key' ? 'api-key' : 'bearer'
  if (authValue !== undefined) {
    if (!isHeaderValue(authValue)) findings.error([...path, 'auth_value'], notHeaderValue)
    return { kind, keys: [{ id: 'key-1', secret: authValue, weight: 1 }] }
  }
  return { kind, keys: readKeys(authValues, pathOf, findings) }
}

function readKeys(list: ProviderFields['authValues'], pathOf: PathOf, findings: Findings): readonly ProviderKey[] {
  const keys: ProviderKey[] = []
  for (const [index, fields] of list.entries()) {
    const key = { id: fields.name ?? `key-${index + 1}`, secret: fields.value, weight: fields.weight }
    if (keys.some((other) => other.id === key.id)) {
      findings.error([...pathOf(fields), 'name'], `a second key named "${key.id}"`, 'give it another name')
    }
    if (keys.some((other) => other.secret.equals(key.secret))) {
      const suggestion = 'remove it; a weight gives a key a larger share'
      findings.notice(pathOf(fields), 'the same key as one before it', suggestion)
    }
    if (!isHeaderValue(key.secret)) findings.error([...pathOf(fields), 'value'], notHeaderValue)
    keys.push(key)
  }
  return keys
}

/** Headers that frame a message or name a host; a configured value would break the request. */
const ownHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

function checkHeaders({ headers }: ProviderFields, path: Path, findings: Findings): void {
  for (const [name, value] of headers) {
    const at = [...path, 'headers', name]
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) findings.error(at, 'not a header name', undefined, 'key')
    else if (ownHeaders.has(name.toLowerCase())) findings.error(at, 'lb sets this header itself', 'remove it', 'key')
    else if (!isHeaderValue(value)) findings.error(at, notHeaderValue)
  }
}

/** Keys travel as headers, too. What no header can hold would look like a connection that breaks, and only when it is used. */
function isHeaderValue(value: Secret): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value.reveal())
}

const notHeaderValue = 'a header value may have no line breaks, control characters or characters beyond Latin-1'
