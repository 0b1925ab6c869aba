import { availabilityOf, type HealthState } from '@lb/health'
import {
  firstTurns,
  type PlanCandidate,
  plan,
  type RequestFeatures,
  type RouteProvider,
  type RouteTarget,
  routeTargets,
  type Turns,
} from '@lb/router'
import { type Clock, momentOf } from '../clock.ts'
import type { CompiledConfig } from './compiled-config.ts'
import { healthTarget } from './health-news.ts'
import { planCandidate } from './plan-candidate.ts'
import type { Asking, ProviderLimits } from './provider-limits.ts'
import type { Sessions } from './sessions.ts'
import type { TargetBooks } from './target-books.ts'

/** What a request wants, as far as planning goes. */
export interface Wanted {
  readonly request: string
  readonly model: string
  readonly features: RequestFeatures
  readonly forcedProvider: string | null
  /** The conversation; asked only where it matters. */
  readonly session: () => string
  /** Estimated. */
  readonly tokens: number
  /** The providers that may answer; absent: all. */
  readonly providers?: readonly RouteProvider[] | undefined
}

/** Who is to be asked, in this order, and the conversation that it is about; `null` where there is no choice. */
export interface Planned {
  readonly candidates: readonly PlanCandidate[]
  readonly session: string | null
}

export interface PlannerDeps {
  readonly clock: Clock
  readonly roll: () => number
  readonly health: () => HealthState
  readonly books: TargetBooks
  readonly limits: ProviderLimits
  readonly sessions: Sessions
  /** What a target costs, for `cheapest`; `null`: not known. */
  readonly priceOf: (compiled: CompiledConfig, target: RouteTarget) => number | null
}

/** Whole answers that are usually there by then need no more time than everybody gets. */
const SLOW_MS = 20_000
/** Turns are kept for so many models. */
const MAX_TURNS = 1_000

/** Finds the targets of a request, looks at their condition, and puts them in order. Whose turn it is is all that it remembers. */
export class Planner {
  readonly #deps: PlannerDeps
  readonly #turns = new Map<string, Turns>()

  constructor(deps: PlannerDeps) {
    this.#deps = deps
  }

  /** The candidates of a request, in the order in which they are to be asked. Empty: nothing is configured for it. */
  plan(compiled: CompiledConfig, wanted: Wanted): Planned {
    const { strategy } = compiled
    const candidates = targetsOf(compiled, wanted).map((target) => this.#condition(compiled, target, wanted))
    if (candidates.length < 2) return { candidates, session: null }
    const { clock, roll, sessions } = this.#deps
    const session = wanted.session()
    const homes = sessions.homes(session, clock.nowMs(), compiled.affinityPolicy)
    const usable = homes.filter((id) => candidates.some((candidate) => candidate.id === id && isUsable(candidate)))
    const [home = null, lent = null] = usable
    const turns = this.#turns.get(wanted.model) ?? firstTurns
    const onlyBestRule = compiled.healthPolicy.judge === 'count-all' || wanted.forcedProvider !== null
    const wishes = { strategy, session, home, lent, onlyBestRule }
    const planned = plan(this.#priced(compiled, candidates), wishes, turns, momentOf(clock, roll))
    if (planned.turns !== turns) this.#keepTurns(wanted.model, planned.turns)
    return { candidates: planned.candidates, session }
  }

  /** Whether anybody is configured for what a request wants. */
  knows(compiled: CompiledConfig, wanted: Wanted): boolean {
    return targetsOf(compiled, wanted).length > 0
  }

  /** The same candidates with their condition as it is now. */
  look(compiled: CompiledConfig, candidates: readonly PlanCandidate[], asked: Asking): readonly PlanCandidate[] {
    return candidates.map((candidate) => this.#condition(compiled, candidate, asked))
  }

  #condition(compiled: CompiledConfig, target: RouteTarget, { request, tokens }: Asking): PlanCandidate {
    const { id, provider } = target
    const { books, limits, clock } = this.#deps
    const nowMs = clock.nowMs()
    const health = availabilityOf(this.#deps.health(), healthTarget(target), nowMs, compiled.healthPolicy)
    const place = health.kind === 'available' ? books.placeOf(id, request) : 'free'
    const guessed = place === 'free' ? health : ({ kind: 'full', queue: place === 'queue' } as const)
    const availability = limits.within(provider, { request, tokens }, guessed, nowMs)
    const candidate = planCandidate(target, availability, books.inFlight(id), books.ttftMs(id))
    const wholeMs = books.wholeMs(id) ?? 0
    return wholeMs > SLOW_MS ? { ...candidate, wholeMs } : candidate
  }

  #priced(compiled: CompiledConfig, candidates: readonly PlanCandidate[]): readonly PlanCandidate[] {
    if (compiled.strategy !== 'cheapest') return candidates
    return candidates.map((candidate) => ({ ...candidate, price: this.#deps.priceOf(compiled, candidate) }))
  }

  #keepTurns(model: string, turns: Turns): void {
    if (this.#turns.size >= MAX_TURNS && !this.#turns.has(model)) this.#turns.clear()
    this.#turns.set(model, turns)
  }
}

function targetsOf(
  compiled: CompiledConfig,
  { model, features, forcedProvider, providers }: Wanted,
): readonly RouteTarget[] {
  const isPlain = forcedProvider === null && providers === undefined && !compiled.hasConditions
  const known = isPlain ? compiled.targetsByModel.get(model) : undefined
  if (known !== undefined) return known
  const targets = routeTargets(compiled.rules, providers ?? compiled.routeProviders, {
    model,
    features,
    forcedProvider,
  })
  if (isPlain) compiled.targetsByModel.set(model, targets)
  return targets
}

function isUsable({ availability: { kind } }: PlanCandidate): boolean {
  return kind === 'available' || kind === 'probe'
}
