import { lookup } from 'node:dns/promises'
import { BlockList } from 'node:net'
import type { Settings } from '@lb/config'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/**
 * The address to listen on. The configuration has been checked by its words; a name is only known by what it leads to on this
 * machine.
 *
 * @throws Error when everybody would be let in, and the name leads to an address that others can reach.
 */
export async function addressToBind({ host, auth }: Pick<Settings, 'host' | 'auth'>): Promise<string> {
  const { address, family } = await lookup(host.trim().replace(/^\[(.*)\]$/, '$1'))
  if (auth.enabled || loopback.check(address, family === 6 ? 'ipv6' : 'ipv4')) return address
  throw new Error(
    `${host} leads to ${address}, and listening there without settings.auth would let everybody who reaches it spend your keys`,
  )
}
