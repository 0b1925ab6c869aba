import { defaultHealthPolicy, type HealthPolicy } from '@lb/health'
import { type LoopPolicy, messagePolicy, type RouteTarget, routeTargets, type Strategy, streamPolicy } from '@lb/router'
import { Chance } from './chance.ts'
import { hidden, visible } from './faults.ts'
import type { FaultPlan, UpstreamPlan } from './upstream.ts'
import type { WorldPlan } from './world.ts'

const MODEL = 'claude-opus'
const STRATEGIES: readonly Strategy[] = [
  'priority',
  'weighted',
  'round_robin',
  'random',
  'least_busy',
  'fastest',
  'cheapest',
]
const FAULTS = [...Object.keys(hidden), ...Object.keys(visible)]

/**
 * The world of one seed. Every seed switches a random subset of everything on: a fault that only bites together with two
 * others is found by a world that has just those three.
 *
 * @see https://users.cs.utah.edu/~regehr/papers/swarm12.pdf (swarm testing)
 */
export function swarmWorld(seed: number, requests: number): WorldPlan {
  const chance = new Chance(seed)
  const gapMs = chance.pick([20, 100, 400, 1_500])
  const healedMs = Math.round(requests * gapMs * 0.6)
  const upstreams = swarmUpstreams(chance, healedMs)
  const instances = chance.happens(0.25) ? chance.int(2, 3) : 1
  const loop = swarmLoop(chance)
  return {
    seed,
    instances,
    shareEveryMs: instances > 1 && chance.happens(0.5) ? 5_000 : 0,
    gateway: {
      targets: targetsOf(upstreams, chance),
      strategy: chance.pick(STRATEGIES),
      health: swarmHealth(chance, loop),
      loop,
      stickyMs: 300_000,
    },
    upstreams,
    clients: {
      requests,
      gapMs,
      sessions: chance.happens(0.5) ? chance.int(1, 20) : 0,
      kind: chance.happens(0.5) ? 'retries-drops' : 'needs-error',
      retries: chance.pick([0, 0, 2, 10]),
      timeoutMs: chance.happens(0.8) ? 600_000 : chance.int(5, 120) * 1_000,
      abortShare: chance.happens(0.4) ? 0.1 : 0,
      faultShare: chance.happens(0.4) ? 0.1 : 0,
    },
    healedMs,
  }
}

function swarmUpstreams(chance: Chance, healedMs: number): UpstreamPlan[] {
  const active = FAULTS.filter(() => chance.happens(0.25))
  return Array.from({ length: chance.int(1, 4) }, (_, index) => ({
    name: `p${index}`,
    credentials: Array.from({ length: chance.happens(0.3) ? chance.int(2, 3) : 1 }, (_, key) => `k${key}`),
    faults:
      active.length === 0 ? [] : Array.from({ length: chance.int(0, 3) }, () => faultPlan(chance, active, healedMs)),
    pace: { connectMs: chance.int(1, 50), ttftMs: chance.int(50, 2_000), writeMs: chance.int(100, 20_000) },
  }))
}

function faultPlan(chance: Chance, active: readonly string[], healedMs: number): FaultPlan {
  const fromMs = chance.happens(0.5) ? 0 : chance.next() * healedMs
  const untilMs = chance.happens(0.5) ? healedMs : fromMs + chance.next() * (healedMs - fromMs)
  return { fault: chance.pick(active), share: chance.pick([1, 1, 0.5, 0.3, 0.1]), fromMs, untilMs }
}

function targetsOf(upstreams: readonly UpstreamPlan[], chance: Chance): readonly RouteTarget[] {
  const isTiered = chance.happens(0.5)
  const hasPassThrough = chance.happens(0.1)
  const providers = upstreams.map(({ name, credentials }, index) => ({
    name,
    credentials: credentials.map((key) => ({ name: key, weight: chance.int(1, 3) })),
    passThrough: hasPassThrough && index === 0,
    price: chance.int(1, 10),
  }))
  const entries = upstreams.map(({ name }, index) => ({ provider: name, model: null, priority: isTiered ? index : 1 }))
  const features = { tokens: 0, thinking: false, images: false, webSearch: false, tools: false, background: false }
  return routeTargets([{ pattern: '*', entries }], providers, { model: MODEL, features, forcedProvider: null })
}

function swarmLoop(chance: Chance): LoopPolicy {
  const base = chance.happens(0.8) ? streamPolicy : messagePolicy
  return {
    ...base,
    failover: chance.happens(0.1) ? 'threshold' : 'seamless',
    background: chance.happens(0.15),
    holdAfterFailureMs: chance.happens(0.25) ? 60_000 : 0,
    holdMaxMs: chance.happens(0.2) ? 0 : 30_000,
  }
}

function swarmHealth(chance: Chance, loop: LoopPolicy): HealthPolicy {
  return {
    ...defaultHealthPolicy,
    judge: loop.failover === 'threshold' ? 'count-all' : 'by-kind',
    threshold: chance.pick([1, 2, 2, 2, 3, 5]),
    cooldownMs: chance.happens(0.2) ? chance.int(1, 300) * 1_000 : null,
    resetOnSuccess: chance.happens(0.9),
    resetTimeoutMs: chance.pick([300_000, 300_000, 2_000, 0]),
  }
}
