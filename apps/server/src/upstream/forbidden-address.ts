import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import { BlockList, type LookupFunction } from 'node:net'

/**
 * Addresses that no name may lead to. A cloud's metadata service gives credentials to whoever asks from the machine, and
 * whoever owns a provider's name can point it there. A host that the configuration writes as an address is not looked up,
 * and so is the operator's own choice.
 *
 * Private and loopback addresses are none of them: models run there.
 */
const forbidden = new BlockList()
/** Link-local, and in it the metadata services of AWS, Azure, Google and most others. */
forbidden.addSubnet('169.254.0.0', 16, 'ipv4')
forbidden.addSubnet('fe80::', 10, 'ipv6')
/** Metadata services elsewhere: AWS over IPv6, Alibaba, Oracle. */
forbidden.addAddress('fd00:ec2::254', 'ipv6')
forbidden.addAddress('fd00:ec2::23', 'ipv6')
forbidden.addAddress('100.100.100.200', 'ipv4')
forbidden.addAddress('192.0.0.192', 'ipv4')
/** "This host", multicast and broadcast are nobody's address. */
forbidden.addSubnet('0.0.0.0', 8, 'ipv4')
forbidden.addAddress('::', 'ipv6')
forbidden.addSubnet('224.0.0.0', 3, 'ipv4')
forbidden.addSubnet('ff00::', 8, 'ipv6')

/** Prefixes under which IPv6 carries an IPv4 address: NAT64 and 6to4 lead to the same places by another name. */
const nat64 = /^64:ff9b:(?:1)?::?(?:0:)*([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i
const sixToFour = /^2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/i

/** Whether no name may lead to an address. */
export function isForbidden(address: string, family: number): boolean {
  if (family !== 6) return forbidden.check(address, 'ipv4')
  if (forbidden.check(address, 'ipv6')) return true
  const embedded = nat64.exec(address) ?? sixToFour.exec(address)
  return embedded !== null && forbidden.check(ipv4Of(embedded[1] ?? '0', embedded[2] ?? '0'), 'ipv4')
}

function ipv4Of(high: string, low: string): string {
  const bits = Number.parseInt(high, 16) * 2 ** 16 + Number.parseInt(low, 16)
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join('.')
}

type Resolve = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/** What a failed connection is reported as. */
export const FORBIDDEN_ADDRESS = 'ERR_LB_FORBIDDEN_ADDRESS'

/**
 * A resolver for sockets that leaves forbidden addresses out. The socket connects to what this returns, so there is no moment
 * between the check and the connection; it is asked for every new connection, and for none that is kept.
 *
 * @param resolve the system's resolver, unless a test has another.
 */
export function guardedLookup(resolve: Resolve = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '')
      const addresses = found.filter(({ address, family }) => !isForbidden(address, family))
      const [first] = addresses
      if (first === undefined) return callback(forbiddenError(hostname), '')
      if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

function forbiddenError(hostname: string): NodeJS.ErrnoException {
  const message = `${hostname} leads to a link-local or metadata address`
  return Object.assign(new Error(message), { code: FORBIDDEN_ADDRESS })
}
