import { type HealthEffect, pathText } from '@lb/health'
import { assertNever } from '@lb/protocol'
import type { Log } from './log.ts'

/** One log line for each thing that health has to tell. `count=1/2` is what the users look for. */
export function logHealthFact(log: Log, fact: HealthEffect): void {
  const provider = fact.node.provider
  const node = pathText(fact.node)
  switch (fact.type) {
    case 'counted': {
      const count = `count=${fact.count}/${fact.threshold}`
      log.warn(
        { event: 'provider_health_error_recorded', provider, node, failure: fact.kind },
        `Recorded error for provider ${node}: ${count}, reason=${fact.kind}`,
      )
      return
    }
    case 'barred': {
      const seconds = Number((fact.forMs / 1000).toFixed(1))
      log.warn(
        { event: 'provider_marked_unhealthy', provider, node, failure: fact.kind, for_s: seconds },
        `Provider ${node} is not used for ${seconds} s (${fact.reason})`,
      )
      return
    }
    case 'probing':
      log.info({ event: 'provider_probe', provider, node }, `Provider ${node} is tried again with one request`)
      return
    case 'recovered':
      log.info({ event: 'provider_recovered', provider, node }, `Provider ${node} is healthy again`)
      return
    default:
      assertNever(fact)
  }
}
