import type { Luck } from './chance.ts'
import { type Pace, type Script, type Step, scripts } from './faults.ts'

/** A fault that an upstream has for a while. */
export interface FaultPlan {
  readonly fault: string
  /** How many of its answers are so, in (0, 1]. */
  readonly share: number
  readonly fromMs: number
  readonly untilMs: number
}

/** One scripted provider. */
export interface UpstreamPlan {
  readonly name: string
  readonly credentials: readonly string[]
  readonly faults: readonly FaultPlan[]
  readonly pace: Pace
  /** Answers, in this order, before chance decides: for transcripts. */
  readonly script?: readonly string[]
}

/** A provider as the world sees it. */
export class Upstream {
  readonly plan: UpstreamPlan
  readonly #chance: Luck
  #answered = 0

  constructor(plan: UpstreamPlan, chance: Luck) {
    this.plan = plan
    this.#chance = chance
  }

  /**
   * What it does with the attempt that reaches it now.
   *
   * @param forced the request's own fault, if it has one.
   * @param isFresh the connection is new, and cannot be stale.
   */
  answer(nowMs: number, forced: string | null, isFresh: boolean): readonly Step[] {
    const wanted = forced ?? this.plan.script?.[this.#answered] ?? this.#fault(nowMs) ?? 'stream'
    const name = isFresh && wanted === 'stale' ? 'stream' : wanted
    this.#answered += 1
    return scriptOf(name)(this.plan.script === undefined ? this.#pace() : this.plan.pace)
  }

  #fault(nowMs: number): string | undefined {
    for (const { fault, share, fromMs, untilMs } of this.plan.faults)
      if (nowMs >= fromMs && nowMs < untilMs && this.#chance.happens(share)) return fault
    return undefined
  }

  #pace(): Pace {
    const { connectMs, ttftMs, writeMs } = this.plan.pace
    const luck = 0.5 + this.#chance.next()
    return { connectMs, ttftMs: ttftMs * luck, writeMs: writeMs * (0.5 + this.#chance.next()) }
  }
}

/** The behaviour of this name. An unknown name is a bug of the scenario. */
function scriptOf(name: string): Script {
  const script = Object.hasOwn(scripts, name) ? scripts[name] : undefined
  if (script === undefined) throw new Error(`no such behaviour: ${name}`)
  return script
}
