import type { Json, JsonObject } from '@lb/protocol'

/** One of the predecessor's acceptance scenarios: who is there, and how each behaves. */
export interface Scenario {
  readonly name: string
  readonly providers: readonly ScenarioProvider[]
  /** The one model that the scenario routes, by its exact name. */
  readonly model?: string
}

/** A provider of a scenario. The words are the harness's. */
export interface ScenarioProvider {
  readonly name: string
  readonly behavior: string
  readonly type?: 'anthropic' | 'openai'
  /** Left at 1, it is the place in the list. */
  readonly priority?: number
  /** What the answer is made of: `{ content }`. */
  readonly answer?: Json
  readonly delayMs?: number
  readonly status?: number
  readonly message?: string
}

/** The configuration that the harness generates, as its YAML says it. */
export interface GeneratedConfig {
  readonly providers: readonly JsonObject[]
  readonly model_routes: Readonly<Record<string, readonly JsonObject[]>>
  readonly settings: JsonObject
}

const MODEL = 'claude-3-5-sonnet-20241022'

/** The settings of every generated configuration, before a scenario changes some. */
export const generatedSettings: JsonObject = {
  selection_strategy: 'priority',
  unhealthy_threshold: 2,
  failure_cooldown: 300,
  unhealthy_reset_on_success: true,
  unhealthy_reset_timeout: 300,
  unhealthy_exception_patterns: ['connection', 'timeout', 'ssl', 'network'],
  unhealthy_response_body_patterns: ['insufficient.*credits', '"message":\\s*".*rate.?limit.*"', 'rate.?limit'],
  unhealthy_http_codes: [402, 403, 404, 408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524],
  timeouts: {
    non_streaming: { connect_timeout: 30, read_timeout: 120, pool_timeout: 30 },
    streaming: { connect_timeout: 30, read_timeout: 120, pool_timeout: 30 },
    caching: { deduplication_timeout: 180 },
  },
  oauth: { enable_persistence: false, enable_auto_refresh: false },
  log_level: 'DEBUG',
}

/** The model that requests of a scenario ask for. */
function modelOf({ model = MODEL }: Scenario): string {
  return model
}

/** A request of a scenario with one message. */
export function request(scenario: Scenario, text: string, more: JsonObject = {}): JsonObject {
  return { model: modelOf(scenario), max_tokens: 100, messages: [{ role: 'user', content: text }], ...more }
}

/** The priority of the provider at `index`: what it says, or its place. */
export function priorityOf({ priority = 1 }: ScenarioProvider, index: number): number {
  return priority === 1 ? index + 1 : priority
}

/** The body of `POST /mock-set-context`. */
export function scenarioContext({ name, providers }: Scenario): JsonObject {
  return {
    name,
    expected_behavior: 'success',
    providers: providers.map((provider, index) => ({
      name: provider.name,
      behavior: provider.behavior,
      priority: priorityOf(provider, index),
      response_data: provider.answer ?? null,
      delay_ms: provider.delayMs ?? 0,
      ...(provider.status === undefined ? {} : { error_http_code: provider.status }),
      ...(provider.message === undefined ? {} : { error_message: provider.message }),
    })),
  }
}

/** The configuration of a scenario whose upstream is the harness's mock at `url`. */
export function configOf(scenario: Scenario, url: string, settings: JsonObject = {}): GeneratedConfig {
  return {
    providers: scenario.providers.map(({ name, type = 'anthropic' }) => ({
      name,
      type,
      base_url: `${url}/mock-provider/${name}`,
      auth_type: 'api_key',
      auth_value: 'test-key',
      enabled: true,
    })),
    model_routes: {
      [modelOf(scenario)]: scenario.providers.map((provider, index) => ({
        provider: provider.name,
        model: 'passthrough',
        priority: priorityOf(provider, index),
        enabled: true,
      })),
    },
    settings: { ...generatedSettings, ...settings },
  }
}
