import { factsOf, mergeFacts, type SharedFact, type SharedFacts, withFacts } from '@lb/health'
import type { ClientKind, Ending } from '@lb/router'
import { Agenda, type Due } from './agenda.ts'
import { Chance } from './chance.ts'
import { type Backoff, retryDelayMs } from './client.ts'
import type { Request } from './exchange.ts'
import { Gateway, type GatewayPlan } from './gateway.ts'
import { Guard, type Sums, type Violation } from './guard.ts'
import { Upstream, type UpstreamPlan } from './upstream.ts'
import { both, type Watcher } from './watcher.ts'

/** Who asks, how often, and how patiently. */
export interface ClientsPlan {
  readonly requests: number
  /** Mean time between two requests. */
  readonly gapMs: number
  readonly sessions: number
  readonly kind: ClientKind
  /** Tries after the first, as the client's own retry rule allows. */
  readonly retries: number
  readonly timeoutMs: number
  readonly abortShare: number
  readonly faultShare: number
}

/** One world, as a value. */
export interface WorldPlan {
  readonly seed: number
  readonly instances: number
  /** How often instances tell each other what they know; 0: never. */
  readonly shareEveryMs: number
  readonly gateway: GatewayPlan
  readonly upstreams: readonly UpstreamPlan[]
  readonly clients: ClientsPlan
  /** From here on no upstream has a fault. */
  readonly healedMs: number
}

/** How a world ended. */
export interface WorldEnd {
  readonly seed: number
  readonly hash: number
  readonly sums: Sums
  /** Requests of clients, their own retries not counted: those that got an answer, and all that could have. */
  readonly answered: number
  readonly asked: number
  readonly violations: readonly Violation[]
  readonly endedMs: number
}

/**
 * Runs a world to its end. The same plan gives the same end, always.
 *
 * @param onlooker makes somebody who sees everything that happens, and changes nothing.
 */
export function runWorld(plan: WorldPlan, onlooker?: (agenda: Agenda) => Watcher): WorldEnd {
  const world = new World(plan, onlooker)
  while (world.agenda.step(Number.POSITIVE_INFINITY)) {
    // Until nothing is left to happen.
  }
  return world.end()
}

class World implements Due {
  readonly agenda = new Agenda()
  readonly #plan: WorldPlan
  readonly #chance: Chance
  readonly #guard: Guard
  readonly #gateways: readonly Gateway[]
  #facts: SharedFacts = {}
  #begun = 0
  #open = 0
  #answered = 0
  #asked = 0

  constructor(plan: WorldPlan, onlooker: ((agenda: Agenda) => Watcher) | undefined) {
    this.#plan = plan
    this.#chance = new Chance(plan.seed)
    const steady = new Set(plan.upstreams.filter(({ faults }) => faults.length === 0).map(({ name }) => name))
    this.#guard = new Guard({ steady, healedMs: plan.healedMs })
    const upstreams = new Map(plan.upstreams.map((upstream) => [upstream.name, new Upstream(upstream, this.#chance)]))
    const watcher = onlooker === undefined ? this.#guard : both(this.#guard, onlooker(this.agenda))
    this.#gateways = Array.from(
      { length: plan.instances },
      (_, index) =>
        new Gateway(
          plan.instances === 1 ? '' : `@${index}`,
          this.agenda,
          plan.gateway,
          upstreams,
          this.#chance,
          watcher,
        ),
    )
    this.agenda.put(0, this)
    if (plan.shareEveryMs > 0) this.agenda.put(plan.shareEveryMs, { run: () => this.#share() })
  }

  /** The next client's request. */
  run(): void {
    const { requests, gapMs } = this.#plan.clients
    this.#ask(this.#request(), 0)
    this.#begun += 1
    if (this.#begun < requests) this.agenda.put(this.agenda.nowMs + this.#chance.gap(1 / gapMs), this)
  }

  end(): WorldEnd {
    for (const gateway of this.#gateways) this.#guard.quiet(gateway)
    return {
      seed: this.#plan.seed,
      hash: this.#guard.hash >>> 0,
      sums: this.#guard.sums,
      answered: this.#answered,
      asked: this.#asked,
      violations: this.#guard.violations,
      endedMs: this.agenda.nowMs,
    }
  }

  #request(): Omit<Request, 'id' | 'ended'> {
    const { sessions, kind, timeoutMs, abortShare, faultShare } = this.#plan.clients
    const chance = this.#chance
    return {
      session: sessions === 0 ? null : `s${chance.int(1, sessions)}`,
      client: kind,
      timeoutMs,
      abortAfterMs: chance.happens(abortShare) ? chance.int(1, 5_000) : null,
      fault: chance.happens(faultShare) ? chance.pick(['400', 'too-long', 'clients-401']) : null,
    }
  }

  #ask(wanted: Omit<Request, 'id' | 'ended'>, tries: number): void {
    this.#open += 1
    const isFair = wanted.fault === null && wanted.abortAfterMs === null
    if (tries === 0 && isFair) this.#asked += 1
    const ended = (ending: Ending): void => {
      this.#open -= 1
      if (!isFair) return
      if (ending.type === 'finish') {
        this.#answered += 1
        return
      }
      const backoff: Backoff = { tries, retries: this.#plan.clients.retries, kind: wanted.client }
      const delayMs = retryDelayMs(ending, backoff, this.#chance.next())
      if (delayMs === undefined) return
      this.#open += 1
      const again = (): void => {
        this.#open -= 1
        this.#ask(wanted, tries + 1)
      }
      this.agenda.put(this.agenda.nowMs + delayMs, { run: again })
    }
    const gateway = this.#gateways[this.#gateways.length === 1 ? 0 : this.#chance.int(0, this.#gateways.length - 1)]
    const { session, client, timeoutMs, abortAfterMs, fault } = wanted
    const id = `r${this.#guard.sums.requests}`
    gateway?.accept({ id, session, client, timeoutMs, abortAfterMs, fault, ended })
  }

  /** Every instance publishes what it knows and learns what the others know: the laws of the merge are checked on the way. */
  #share(): void {
    const { nowMs } = this.agenda
    const clocks = { nowMs, epochMs: nowMs + 1_700_000_000_000 }
    for (const gateway of this.#gateways) {
      const known = factsOf(gateway.health, clocks)
      const merged = mergeFacts(this.#facts, known)
      if (!isLawful(this.#facts, known, merged)) this.#guard.note('I17', nowMs, 'the merge is not lawful')
      this.#facts = merged
    }
    for (const gateway of this.#gateways) gateway.health = withFacts(gateway.health, this.#facts, clocks)
    if (this.#open > 0 || this.#begun < this.#plan.clients.requests)
      this.agenda.put(nowMs + this.#plan.shareEveryMs, { run: () => this.#share() })
  }
}

/** Commutative, idempotent, and associative with itself. */
function isLawful(a: SharedFacts, b: SharedFacts, merged: SharedFacts): boolean {
  const reversed = mergeFacts(b, a)
  return isSame(reversed, merged) && isSame(mergeFacts(merged, b), merged) && isSame(mergeFacts(a, reversed), merged)
}

function isSame(a: SharedFacts, b: SharedFacts): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => isSameFact(a[key], b[key]))
}

function isSameFact(a: SharedFact | undefined, b: SharedFact | undefined): boolean {
  if (a === b || a === undefined || b === undefined) return a === b
  const isSamePath =
    a.path.provider === b.path.provider && a.path.credential === b.path.credential && a.path.model === b.path.model
  return (
    isSamePath &&
    a.clearedMs === b.clearedMs &&
    a.sinceMs === b.sinceMs &&
    a.untilMs === b.untilMs &&
    a.reason === b.reason &&
    a.notBeforeMs === b.notBeforeMs
  )
}
