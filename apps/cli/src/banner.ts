import type { Config, Provider } from '@lb/config'
import { matchRules } from '@lb/router'
import { bold, type Terminal } from './terminal.ts'

/**
 * What `lb start` says when it listens: where, with which providers, and lines that can be pasted into another terminal as
 * they are, or that say what is to be filled in.
 *
 * @param origin where the configuration came from; `undefined`: this is the demo.
 * @param url where the server listens.
 */
export function banner(config: Config, origin: string | undefined, url: string, terminal: Terminal): string {
  const providers = config.providers.map(({ name, dialect, baseUrl }) => `  ${name} (${dialect}) ${baseUrl}`)
  const here = reachable(url)
  return [
    `lb listens on ${bold(terminal, url)}`,
    origin === undefined
      ? 'No configuration was found, so this is the demo: two embedded providers, the first fails now and then.'
      : `Configuration: ${origin}`,
    ...providers,
    '',
    'Try it:',
    `  ${curlLine(config, here)}`,
    'Point Claude Code at it:',
    `  export ANTHROPIC_BASE_URL=${here}`,
    ...keyLines(config).map((line) => `  ${line}`),
    '',
  ].join('\n')
}

/** "All addresses" is none that a client can name: lb itself would refuse it as a host. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

function curlLine(config: Config, url: string): string {
  const { model, passes } = example(config)
  const { enabled } = config.settings.auth
  const headers = ['content-type: application/json', 'anthropic-version: 2023-06-01']
  if (enabled) headers.push(`${passes ? 'x-lb-key' : 'x-api-key'}: KEY-OF-LB`)
  if (passes) headers.push('x-api-key: YOUR-OWN-KEY')
  const body = JSON.stringify({ model, max_tokens: 200, stream: true, messages: [{ role: 'user', content: 'Hello' }] })
  return `curl -N ${url}/v1/messages ${headers.map((header) => `-H '${header}'`).join(' ')} -d ${quoted(body)}`
}

/** How Claude Code signs in. */
function keyLines(config: Config): string[] {
  const { enabled } = config.settings.auth
  const which = '# settings.auth.api_key, or one of settings.auth.keys'
  if (example(config).passes) {
    const login = '# Claude Code keeps its own login: the provider takes the client’s credential'
    return enabled ? [`export ANTHROPIC_CUSTOM_HEADERS='x-lb-key: KEY-OF-LB'   ${which}`, login] : [login]
  }
  return [`export ANTHROPIC_AUTH_TOKEN=${enabled ? `KEY-OF-LB   ${which}` : 'any-text'}`]
}

/** Names that a pattern such as `claude-*` is likely to mean, the first the best to try. */
const wellKnown = ['claude-sonnet-5-5', 'claude-haiku-5-5', 'claude-opus-5-5', 'gpt-5']

interface Example {
  readonly model: string
  /** Who answers to it wants the client's own credential. */
  readonly passes: boolean
}

/** A model that the configuration leads somewhere. */
function example({ modelRoutes, providers }: Config): Example {
  const known = wellKnown.find((model) => matchRules(modelRoutes, model).length > 0)
  // Nothing well-known: a name that the first pattern takes.
  const model = known ?? modelRoutes[0]?.pattern.replaceAll('*', '').replaceAll('?', 'x') ?? wellKnown[0] ?? ''
  const [first] = matchRules(modelRoutes, model)[0]?.routes.toSorted((a, b) => a.priority - b.priority) ?? []
  const provider: Provider | undefined = providers.find(({ id }) => id === first?.providerId)
  return { model, passes: provider?.auth.kind === 'passthrough' }
}

/** One word for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
