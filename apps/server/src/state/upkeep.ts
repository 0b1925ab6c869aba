import type { Config } from '@lb/config'
import type { Pools, Reach } from '../upstream/pools.ts'
import type { LiveConfig } from './live-config.ts'
import { isKnown, replacedNodes } from './replaced-targets.ts'
import type { Scoreboard } from './scoreboard.ts'
import type { Targets } from './targets.ts'

/** What outlives a configuration and speaks of things that it names. */
export interface Kept {
  readonly targets: Targets
  readonly scoreboard: Scoreboard
  readonly pools: Pools
}

/**
 * Keeps what lb learned in step with the configuration: what stays is kept, what means something else now starts afresh, and
 * what is gone is forgotten when its last request is over.
 */
export function keepInStep(live: LiveConfig, { targets, scoreboard, pools }: Kept): void {
  live.onReload((now, before) => {
    const replaced = replacedNodes(before.config, now.config)
    const places = replaced.filter(({ credential }) => credential === null).map(({ provider }) => provider)
    targets.reconfigured(new Set(places))
    for (const path of replaced) {
      targets.tell(now, { type: 'cleared', path })
      scoreboard.forget(path.provider, path.credential)
    }
    targets.callWaiting()
  })
  live.onRetired(() => {
    const inUse = live.inUse()
    const known = (path: Parameters<typeof isKnown>[1]): boolean =>
      inUse.some(({ providers }) => isKnown(providers, path))
    targets.keep(known)
    for (const { provider, credential } of scoreboard.names()) {
      if (!known({ provider, credential, model: null })) scoreboard.forget(provider, credential)
    }
    pools.keep((reach) => inUse.some(({ config }) => reaches(config, reach)))
  })
}

function reaches({ providers }: Config, { origin, proxyUrl }: Reach): boolean {
  return providers.some(({ baseUrl, proxy }) => new URL(baseUrl).origin === origin && proxy?.url.reveal() === proxyUrl)
}
