import type { Provider } from '@lb/config'
import type { BarReason, NodeState } from '@lb/health'
import type { FailureKind } from '@lb/protocol'

/**
 * The shapes of `/providers`. The schemas in provider-schema.ts say what each member means, and the compiler that both agree.
 */
export interface ProviderList {
  readonly total_providers: number
  readonly healthy_providers: number
  readonly selection_strategy: string
  readonly total_model_routes: number
  readonly providers: ProviderView[]
  readonly disabled_providers: { name: string; enabled: false; status: 'disabled' }[]
}

export interface ProviderView extends Figures {
  readonly name: string
  readonly type: Provider['type']
  readonly base_url: string
  readonly enabled: boolean
  readonly healthy: boolean
  readonly failure_count: number
  readonly last_failure_time: number
  readonly proxy: string | null
  readonly models: { pattern: string; model: string; priority: number }[]
  readonly status: Status
  readonly id: string
  readonly dialect: Provider['dialect']
  readonly auth: Provider['auth']['kind']
  readonly account_email: string | null
  readonly weight: number
  readonly count: string
  readonly health: HealthNode[]
  readonly cooldown_until: number | null
  readonly cooldown_seconds_left: number | null
  readonly successes: number
  readonly failures: number
  readonly credentials: CredentialView[]
}

/** One key of a provider, by its name. */
export interface CredentialView extends Figures {
  readonly name: string
  readonly status: Status
}

/** How a provider or a key has been doing. */
export interface Figures {
  readonly in_flight: number
  readonly ttft_ms: number | null
  readonly success_ratio: number | null
  readonly last_failure: { kind: FailureKind; status: number | null; at: number } | null
}

/** What health knows about one part of a provider. */
export interface HealthNode {
  readonly credential: string | null
  readonly model: string | null
  readonly state: NodeState['kind']
  readonly count: string
  readonly reason?: BarReason | 'disabled'
  readonly since?: number
  readonly until?: number
  readonly seconds_left?: number
  readonly probe_in?: number
}

export type Status = 'healthy' | 'unhealthy' | 'disabled'
