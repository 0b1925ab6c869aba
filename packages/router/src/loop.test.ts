import type { Failure } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import type { Availability, Candidate } from './candidate.ts'
import { nextLoopDeadlineMs, stepLoop } from './index.ts'
import { type LoopPolicy, streamPolicy } from './loop-policy.ts'
import { type LoopEffect, type LoopEvent, type LoopState, newLoop } from './loop-state.ts'

/** Tells events to a loop and remembers what it wanted. */
class Driven {
  state: LoopState = newLoop
  now = 0
  all: LoopEffect[] = []
  candidates: Candidate[]
  readonly policy: LoopPolicy
  constructor(candidates: Candidate[], policy: LoopPolicy = streamPolicy) {
    this.candidates = candidates
    this.policy = policy
  }
  tell(event: LoopEvent, roll = 0.5): LoopEffect[] {
    const step = stepLoop(this.state, event, { nowMs: this.now, roll }, this.policy)
    this.state = step.state
    const effects = [...step.effects]
    if (effects.at(-1)?.type === 'look')
      effects.push(...this.tell({ type: 'candidates-changed', candidates: this.candidates, retryTokens: 10 }))
    return effects
  }
  begin(): LoopEffect[] {
    return this.tell({
      type: 'begin',
      candidates: this.candidates,
      retryTokens: 10,
      timeoutMs: 600_000,
      client: 'needs-error',
      refuseChance: 0,
    })
  }
  /** Lets time pass to the next deadline. */
  wait(): LoopEffect[] {
    this.now = nextLoopDeadlineMs(this.state, this.policy) ?? this.now
    return this.tell({ type: 'tick' })
  }
}

function candidate(id: string, availability: Availability = { kind: 'available', share: 1 }): Candidate {
  return { id, provider: id, credential: 'k', model: 'm', passThrough: false, availability }
}
const failure = (kind: Failure['kind']): Failure => ({ kind, message: kind, status: 500 })
const words = (effects: LoopEffect[]) => effects.map((effect) => effect.type)

describe('smoke', () => {
  test('fails over before commit', () => {
    const d = new Driven([candidate('a'), candidate('b')])
    expect(words(d.begin())).toEqual(['start-attempt'])
    d.now = 12
    const e = d.tell({ type: 'failed', attempt: 1, failure: failure('overloaded') })
    expect(words(e)).toEqual(['report', 'look', 'start-attempt'])
    expect(words(d.tell({ type: 'response-started', attempt: 2 }))).toEqual([])
    expect(words(d.tell({ type: 'opened', attempt: 2 }))).toEqual(['release-opening'])
    expect(words(d.tell({ type: 'content', attempt: 2 }))).toEqual(['commit', 'report'])
    expect(words(d.tell({ type: 'completed', attempt: 2 }))).toEqual(['report', 'finish'])
  })
  test('holds back, then preamble and pings, then gives up in stream', () => {
    const d = new Driven([candidate('a'), candidate('b')])
    d.begin()
    expect(words(d.wait())).toEqual(['send-preamble'])
    expect(d.now).toBe(3000)
    expect(words(d.wait())).toEqual(['ping'])
    expect(words(d.wait())).toEqual(['ping'])
    expect(words(d.wait())).toEqual(['cancel-attempt', 'report', 'look', 'start-attempt'])
    expect(d.now).toBe(30000)
    console.log(d.now, d.wait(), d.now, d.wait(), d.now, d.wait(), d.now, d.wait(), d.now)
  })
})
