import type { HealthEffect, HealthEvent } from '@lb/health'
import type { Ending, LoopEffect, LoopEvent, LoopState, PlanCandidate } from '@lb/router'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import type { Watcher } from './watcher.ts'

/**
 * Adds up a digest of all that is decided, with every member of every event, effect and state. Two builds of the deciders
 * that print the same digest have decided the same; the guard's own hash, which costs nothing, knows less.
 */
export class Witness implements Watcher {
  digest = 0

  planned(_exchange: Exchange, candidates: readonly PlanCandidate[]): void {
    this.#see(candidates)
  }

  stepped(exchange: Exchange, event: LoopEvent, _before: LoopState, effects: readonly LoopEffect[]): void {
    this.#see(event)
    this.#see(effects)
    this.#see(exchange.state)
  }

  obeyed(): void {}

  judged(gateway: Gateway, event: HealthEvent): void {
    this.#see(event)
    this.#see(gateway.health)
  }

  fact(_gateway: Gateway, fact: HealthEffect): void {
    this.#see(fact)
  }

  ended(exchange: Exchange, ending: Ending): void {
    this.#see(exchange.gateway.agenda.nowMs)
    this.#see(ending)
    for (const { limit, latency } of exchange.gateway.books.values()) {
      this.#see(limit)
      this.#see(latency)
    }
  }

  refreshes(): boolean {
    return true
  }

  #see(value: unknown): void {
    this.digest = mixed(this.digest, digestOf(value))
  }
}

/** A 32-bit digest of plain JSON. As for JSON, the order of members is no part of the value, and `undefined` is no member. */
export function digestOf(value: unknown): number {
  if (typeof value === 'number') return digestOfNumber(value)
  if (typeof value === 'string') return digestOfText(value)
  if (typeof value !== 'object' || value === null) return digestOfText(`${value}`)
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => mixed(sum, digestOf(item)), value.length + 1)
  let sum = 0x51ed270b
  for (const [name, member] of Object.entries(value))
    if (member !== undefined) sum = (sum + mixed(digestOfText(name), digestOf(member))) | 0
  return sum
}

const double = new Float64Array(1)
const halves = new Int32Array(double.buffer)

function digestOfNumber(value: number): number {
  double[0] = value
  return mixed(halves[0] ?? 0, halves[1] ?? 0)
}

function digestOfText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash
}

function mixed(a: number, b: number): number {
  const hash = Math.imul(Math.imul(a, 0x85ebca6b) ^ b ^ (a >>> 15), 0xc2b2ae35)
  return hash ^ (hash >>> 13)
}
