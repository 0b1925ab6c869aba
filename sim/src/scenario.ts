import { defaultHealthPolicy, type HealthEvent, type HealthPolicy, type NodePath } from '@lb/health'
import { type LoopPolicy, messagePolicy, type RouteTarget, routeTargets, type Strategy, streamPolicy } from '@lb/router'
import type { Request } from './exchange.ts'
import type { Pace } from './faults.ts'
import type { GatewayPlan } from './gateway.ts'
import type { UpstreamPlan } from './upstream.ts'

/** What a transcript sets up. */
export interface Scenario {
  readonly gateway: GatewayPlan
  readonly upstreams: readonly UpstreamPlan[]
  readonly requests: readonly (Omit<Request, 'ended'> & { readonly atMs: number })[]
  readonly operator: readonly Order[]
  /** Every roll of the run. */
  readonly roll: number
  readonly refreshes: boolean
}

/** What the operator does. */
export interface Order {
  readonly atMs: number
  readonly type: Extract<HealthEvent, { readonly path: NodePath }>['type']
  readonly path: NodePath
}

/** So that the times in a transcript can be told apart. */
const PACE: Pace = { connectMs: 12, ttftMs: 19, writeMs: 26 }
const MODEL = 'claude-opus'

/**
 * Reads the head of a transcript. One order a line, `#` begins a comment:
 *
 *   upstreams a b c              script a: 529 stream        keys a: k1 k2         tier b: 2
 *   pass-through a               strategy round_robin        roll 0.5              refresh fails
 *   loop holdMaxMs 0             health threshold 1          whole answers
 *   request r1 at 2s session s client retries-drops aborts 50ms timeout 20s fault 400
 *   operator at 1s disable a
 */
export function parseScenario(head: string): Scenario {
  const draft = new Draft()
  for (const line of head.split('\n')) {
    const text = line.replace(/#.*/, '').trim()
    if (text !== '') draft.order(text)
  }
  return draft.scenario()
}

class Draft {
  #names: string[] = []
  readonly #scripts = new Map<string, readonly string[]>()
  readonly #keys = new Map<string, readonly string[]>()
  readonly #tiers = new Map<string, number>()
  readonly #requests: (Omit<Request, 'ended'> & { readonly atMs: number })[] = []
  readonly #operator: Order[] = []
  #passThrough: readonly string[] = []
  #strategy: Strategy = 'priority'
  #roll = 0.5
  #refreshes = true
  #loop: LoopPolicy = streamPolicy
  #health: HealthPolicy = defaultHealthPolicy

  order(text: string): void {
    const [word = '', ...rest] = text.split(/\s+/)
    const [name = '', ...values] = rest.join(' ').replace(':', '').split(' ')
    if (word === 'upstreams') this.#names = rest
    else if (word === 'script') this.#scripts.set(name, values)
    else if (word === 'keys') this.#keys.set(name, values)
    else if (word === 'tier') this.#tiers.set(name, Number(values[0]))
    else if (word === 'pass-through') this.#passThrough = rest
    else if (word === 'strategy') this.#strategy = name as Strategy
    else if (word === 'roll') this.#roll = Number(name)
    else if (word === 'refresh') this.#refreshes = name !== 'fails'
    else if (word === 'whole') this.#loop = { ...messagePolicy, failover: this.#loop.failover }
    else if (word === 'loop') this.#loop = { ...this.#loop, [name]: settingOf(values[0]) }
    else if (word === 'health') this.#health = { ...this.#health, [name]: settingOf(values[0]) }
    else if (word === 'request') this.#requests.push(requestOf(rest))
    else if (word === 'operator') this.#operator.push(operatorOf(rest))
    else throw new Error(`no such order: ${text}`)
  }

  scenario(): Scenario {
    const health =
      this.#loop.failover === 'threshold' ? ({ ...this.#health, judge: 'count-all' } as const) : this.#health
    return {
      gateway: { targets: this.#targets(), strategy: this.#strategy, health, loop: this.#loop, stickyMs: 300_000 },
      upstreams: this.#names.map((name) => ({
        name,
        credentials: this.#keys.get(name) ?? ['key'],
        faults: [],
        pace: PACE,
        script: this.#scripts.get(name) ?? [],
      })),
      requests: this.#requests,
      operator: this.#operator,
      roll: this.#roll,
      refreshes: this.#refreshes,
    }
  }

  #targets(): RouteTarget[] {
    const providers = this.#names.map((name) => ({
      name,
      credentials: (this.#keys.get(name) ?? ['key']).map((key) => ({ name: key, weight: 1 })),
      passThrough: this.#passThrough.includes(name),
      price: null,
    }))
    const entries = this.#names.map((provider) => ({
      provider,
      model: null,
      priority: this.#tiers.get(provider) ?? 1,
    }))
    const features = { tokens: 0, thinking: false, images: false, webSearch: false, tools: false, background: false }
    const request = { model: MODEL, features, forcedProvider: null }
    return routeTargets([{ pattern: '*', entries }], providers, request)
  }
}

function requestOf([id = '', ...words]: readonly string[]): Omit<Request, 'ended'> & { readonly atMs: number } {
  const options = new Map<string, string>()
  for (let i = 0; i < words.length; i += 2) options.set(words[i] ?? '', words[i + 1] ?? '')
  const aborts = options.get('aborts')
  return {
    id,
    atMs: msOf(options.get('at') ?? '0ms'),
    session: options.get('session') ?? null,
    client: options.get('client') === 'retries-drops' ? 'retries-drops' : 'needs-error',
    timeoutMs: msOf(options.get('timeout') ?? '600s'),
    abortAfterMs: aborts === undefined ? null : msOf(aborts),
    fault: options.get('fault') ?? null,
  }
}

function operatorOf([, at = '0ms', type = '', provider = '']: readonly string[]): Order {
  const types = { disable: 'disabled', enable: 'enabled', clear: 'cleared' } as const
  if (type !== 'disable' && type !== 'enable' && type !== 'clear') throw new Error(`the operator cannot ${type}`)
  return { atMs: msOf(at), type: types[type], path: { provider, credential: null, model: null } }
}

function msOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text)
  if (match === null) throw new Error(`not a length of time: ${text}`)
  const unit = { ms: 1, s: 1000, m: 60_000 }[match[2] as 'ms' | 's' | 'm']
  return Number(match[1]) * unit
}

function settingOf(text: string | undefined): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true'
  const number = Number(text)
  return text === undefined || Number.isNaN(number) ? (text ?? '') : number
}
