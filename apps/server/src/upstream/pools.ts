import { isIP, type LookupFunction } from 'node:net'
import { type Dispatcher, Pool, ProxyAgent, Socks5ProxyAgent } from 'undici'
import { guardedLookup } from './forbidden-address.ts'

/** How to reach an upstream. Two providers that reach it in the same way share its connections. */
export interface Reach {
  /** Scheme, host and port. */
  readonly origin: string
  readonly connectTimeoutMs: number
  /** `http://`, `https://` or `socks5://`, with credentials if any. */
  readonly proxyUrl?: string
}

/** Connection pools, one for each way to reach an upstream, with keep-alive. Made at first use. */
export interface Pools {
  get(reach: Reach): Dispatcher
  /** Closes, as soon as they are idle, the connections of ways that are not kept. */
  keep(isKept: (reach: Reach) => boolean): void
  /** Closes what is idle now, and the rest when it becomes idle. */
  close(): Promise<void>
}

/** Upstreams close idle connections after a minute or more; half of that keeps us from racing them. */
const KEEP_ALIVE_MS = 30_000

/** @param lookup how names become addresses. */
export function createPools(lookup: LookupFunction = guardedLookup()): Pools {
  const pools = new Map<string, { readonly reach: Reach; readonly pool: Dispatcher }>()

  function create({ origin, connectTimeoutMs, proxyUrl }: Reach): Dispatcher {
    const options = {
      // Our own deadlines decide (see the attempt decider): undici's clock is coarse, and long thinking is no fault.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // An event stream must not wait behind another answer.
      pipelining: 1,
    }
    if (proxyUrl !== undefined) {
      const proxied = { ...options, requestTls: { timeout: connectTimeoutMs }, proxyTls: { timeout: connectTimeoutMs } }
      return proxyUrl.startsWith('socks')
        ? new Socks5ProxyAgent(proxyUrl, options)
        : new ProxyAgent({ uri: proxyUrl, ...proxied })
    }
    const autoSelectFamily = isIP(new URL(origin).hostname) === 0
    return new Pool(origin, { ...options, connect: { timeout: connectTimeoutMs, autoSelectFamily, lookup } })
  }

  return {
    get(reach) {
      const key = `${reach.origin} ${reach.connectTimeoutMs} ${reach.proxyUrl ?? ''}`
      const found = pools.get(key)
      if (found !== undefined) return found.pool
      const pool = create(reach)
      pools.set(key, { reach, pool })
      return pool
    },
    keep(isKept) {
      for (const [key, { reach, pool }] of pools) {
        if (isKept(reach)) continue
        pools.delete(key)
        // It waits for the answers on their way; what may go wrong while it closes concerns nobody any more.
        pool.close().catch(() => {})
      }
    },
    async close() {
      await Promise.all([...pools.values()].map(({ pool }) => pool.close()))
      pools.clear()
    },
  }
}
