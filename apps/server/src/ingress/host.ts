import type { Settings } from '@lb/config'

/**
 * Which names lb answers to. A page in the user's browser can point a name of its own at 127.0.0.1 (DNS rebinding) and then
 * talk to lb as if it were its own server; what it cannot do is send another `Host` than that name.
 */
export interface HostNames {
  /** Lower-case names that count together with the port that lb listens on. */
  readonly own: ReadonlySet<string>
  /** `settings.allowed_hosts`, lower case: with its port, or for any port. */
  readonly allowed: ReadonlySet<string>
}

/** The end of a connection that is lb's. */
export interface LocalEnd {
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
}

/** A name or an address, and a port if there is one. What does not look like this is no host. */
const shape = /^([a-z0-9_][a-z0-9_.-]*|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/

/** Addresses that mean "all of this machine", which nobody can send a request to. */
const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]', ''])

/** The names of a configuration. */
export function hostNames({ host, allowedHosts }: Pick<Settings, 'host' | 'allowedHosts'>): HostNames {
  const bound = wildcards.has(host.trim()) ? [] : [inUrl(host.trim().toLowerCase())]
  return {
    own: new Set(['localhost', '127.0.0.1', '[::1]', ...bound]),
    allowed: new Set(allowedHosts.map((name) => name.trim().toLowerCase())),
  }
}

/**
 * Whether a `Host` header is one of lb's names: a loopback name or the address that lb is bound to, with the right port; the
 * very address that this connection came in on; or one that the operator allowed.
 *
 * @returns `malformed` for what cannot be a host at all.
 */
export function judgeHost(header: string, names: HostNames, end: LocalEnd): 'known' | 'unknown' | 'malformed' {
  const host = header.toLowerCase()
  const parts = shape.exec(host)
  if (parts === null) return 'malformed'
  const [, name = '', port] = parts
  if ((port === undefined ? 80 : Number(port)) === end.localPort) {
    if (names.own.has(name) || name === localName(end.localAddress)) return 'known'
  }
  return isAllowed(names.allowed, name, port) ? 'known' : 'unknown'
}

/** A name without port is meant for every port; a browser leaves the default port of its scheme out. */
function isAllowed(allowed: HostNames['allowed'], name: string, port: string | undefined): boolean {
  if (allowed.size === 0) return false
  if (allowed.has(name)) return true
  return port === undefined ? allowed.has(`${name}:443`) || allowed.has(`${name}:80`) : allowed.has(`${name}:${port}`)
}

/** The address that the client itself connected to: an address cannot be rebound, only a name can. */
function localName(address: string | undefined): string | undefined {
  return address === undefined ? undefined : inUrl(address.replace(/^::ffff:/, ''))
}

function inUrl(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address
}
