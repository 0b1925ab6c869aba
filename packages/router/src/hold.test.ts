import { describe, expect, test } from 'vitest'
import type { Barred, Candidate } from './candidate.ts'
import { available, barred, candidate, Driven, due } from './testing/driven.ts'

const out = (id: string, more: Partial<Barred> = {}): Candidate => candidate(id, { availability: barred(more) })
const begun = (candidates: readonly Candidate[], policy = {}, timeoutMs = 600_000): Driven => {
  const loop = new Driven(candidates, policy)
  loop.begin({ timeoutMs })
  return loop
}

describe('nobody is usable, and nothing was tried', () => {
  test('the request waits until somebody may be tried as a last resort', () => {
    const loop = begun([out('a', { lastResortAtMs: 2_000 }), out('b', { lastResortAtMs: 1_000 })])
    expect(loop.state).toMatchObject({ phase: { kind: 'waiting', why: 'hold', untilMs: 1_010 }, heldMs: 0 })
    expect(loop.wait()).toEqual(['look', 'start 1 b last-resort'])
  })

  test('it waits on if somebody else was faster', () => {
    const loop = begun([out('a', { lastResortAtMs: 1_000 })])
    loop.change('a', barred({ lastResortAtMs: 1_500 }))
    expect(loop.wait()).toEqual(['look'])
    expect(loop.state).toMatchObject({ phase: { untilMs: 1_510 }, heldMs: 0 })
  })

  test('it goes at once when it is woken', () => {
    const loop = begun([out('a', { lastResortAtMs: 20_000 })])
    expect(loop.change('a', available).look(500)).toEqual(['start 1 a first'])
    const probe = begun([out('a', { lastResortAtMs: 20_000 })])
    expect(probe.change('a', due).look(500)).toEqual(['start 1 a probe'])
  })

  test('it does not wait in vain', () => {
    const dated = (atMs: number): Candidate => out('a', { lastResortAtMs: atMs, notBeforeMs: atMs })
    expect(begun([dated(30_000)]).state.phase.kind).toBe('over')
    expect(begun([dated(29_999)]).state.phase.kind).toBe('waiting')
    expect(begun([dated(5_000)], {}, 5_000).state.phase.kind).toBe('over')
    expect(begun([dated(5_000)], { holdMaxMs: 0 }).state.phase.kind).toBe('over')
    expect(begun([out('a', { lastResortAtMs: null })]).state.phase.kind).toBe('over')
  })

  test('all its waits together last no longer than it may', () => {
    const loop = begun([out('a', { lastResortAtMs: 20_000 })])
    loop.change('a', barred({ lastResortAtMs: 29_000 })).look(20_010)
    expect(loop.state.phase).toMatchObject({ untilMs: 29_010 })
    loop.change('a', barred({ lastResortAtMs: 31_000, notBeforeMs: 31_000 })).look(29_010)
    expect(loop.state.phase.kind).toBe('over')
  })
})

describe('a request that was never asked anything', () => {
  const asked = (loop: Driven): unknown => loop.state.attempts.map(({ candidate: id, why }) => `${id} ${why}`)

  test('is not refused because of a pace that we keep: it asks when it can wait no longer', () => {
    expect(asked(begun([out('a', { lastResortAtMs: 30_000 })]))).toEqual(['a last-resort'])
    expect(asked(begun([out('a', { lastResortAtMs: 5_000 })], {}, 5_000))).toEqual(['a last-resort'])
    expect(asked(begun([out('a', { lastResortAtMs: 5_000 })], { holdMaxMs: 0 }))).toEqual(['a last-resort'])
    const loop = begun([out('a', { lastResortAtMs: 20_000 })])
    loop.change('a', barred({ lastResortAtMs: 31_000 })).look(20_010)
    expect(asked(loop)).toEqual(['a last-resort'])
  })

  test('asks who is expected back first, and before the dead', () => {
    const dead = out('d', { hard: true, untilMs: 1 })
    const late = out('l', { untilMs: 9_000, lastResortAtMs: 5_000 })
    const soon = out('s', { untilMs: 8_000, lastResortAtMs: 6_000 })
    expect(asked(begun([late, soon, dead], { holdMaxMs: 0 }))).toEqual(['s last-resort'])
  })

  test('asks nobody before the date that it gave, nor who is switched off', () => {
    const dated = out('a', { lastResortAtMs: 40_000, notBeforeMs: 40_000 })
    expect(asked(begun([dated, out('b', { lastResortAtMs: null })]))).toEqual([])
  })

  test('asks the dead only at their pace', () => {
    const dated = out('a', { lastResortAtMs: 20_000, notBeforeMs: 20_000 })
    const policy = { holdMaxMs: 10_000 }
    expect(asked(begun([dated, out('b', { hard: true, lastResortAtMs: 0 })], policy))).toEqual(['b last-resort'])
    const loop = begun([dated, out('b', { hard: true, lastResortAtMs: 2_000 })], { holdMaxMs: 0 })
    expect([asked(loop), loop.state.phase.kind]).toEqual([[], 'over'])
  })
})

describe('before a request that failed is told no', () => {
  const failed = (candidates: readonly Candidate[], policy = {}, tokens = 10): string[] => {
    const loop = begun(candidates, { roundsMax: 1, holdMaxMs: 0, ...policy })
    loop.retryTokens = tokens
    return loop.fail(10, 1, 'server-error').slice(2)
  }
  const dead = (more: Partial<Barred> = {}): Candidate => out('d', { hard: true, untilMs: 60_000, ...more })

  test('those that no wait mends are worth one try, at their pace and if the budget has it', () => {
    expect(failed([candidate('a'), dead()])).toEqual(['spend-budget', 'start 2 d last-resort'])
    expect(failed([candidate('a'), dead({ lastResortAtMs: 11 })])).toEqual(['give-up 1 server-error null true'])
    expect(failed([candidate('a'), dead()], {}, 0)).toEqual(['give-up 1 server-error null true'])
  })

  test('a pace that we keep is kept: it was asked already', () => {
    expect(failed([candidate('a'), out('b', { lastResortAtMs: 11 })])).toEqual(['give-up 1 server-error null true'])
  })

  test('each of the dead is tried once', () => {
    const loop = begun([candidate('a'), dead()], { roundsMax: 1, holdMaxMs: 0 })
    loop.fail(10, 1, 'server-error')
    expect(loop.fail(20, 2, 'server-error').at(-1)).toBe('give-up 1 server-error null true')
  })
})

test('tries that are saved for later are not saved from somebody who is free (seed 13060 of the simulator)', () => {
  const ids = ['a', 'b', 'c', 'd', 'e']
  const loop = begun(
    ids.map((id) => candidate(id)),
    { holdAfterFailureMs: 60_000 },
  )
  for (const attempt of [1, 2, 3]) loop.fail(attempt, attempt, 'request-conflict')
  loop.retryTokens = 0
  expect(loop.fail(4, 4, 'request-conflict').at(-1)).toBe('start 5 e failover')
})

describe('somebody was tried, another was not', () => {
  test('the other is waited for, and asked when it may be', () => {
    const loop = begun([candidate('a'), out('b', { lastResortAtMs: 2_000 })])
    expect(loop.fail(10, 1, 'server-error').at(-1)).toBe('look')
    expect(loop.state.phase).toMatchObject({ why: 'hold', untilMs: 2_010 })
    expect(loop.wait()).toEqual(['look', 'spend-budget', 'start 2 b last-resort'])
  })

  test('a request without a retry left waits for the budget', () => {
    const loop = begun([candidate('a'), out('b', { lastResortAtMs: 100 })])
    loop.retryTokens = 0
    loop.fail(200, 1, 'server-error')
    expect(loop.state.phase).toMatchObject({ why: 'hold', untilMs: 1_210 })
    loop.retryTokens = 1
    expect(loop.wait()).toEqual(['look', 'spend-budget', 'start 2 b last-resort'])
  })

  test('in a second round those that had no turn in it are waited for while the request is young', () => {
    const loop = begun([candidate('a'), candidate('b')])
    loop.fail(10, 1, 'server-error')
    loop.fail(20, 2, 'server-error')
    loop.wait()
    loop.change('b', barred({ lastResortAtMs: 3_000 }))
    loop.fail(600, 3, 'server-error')
    expect(loop.state).toMatchObject({ round: 2, phase: { why: 'hold', untilMs: 3_010 } })
    const old = begun([candidate('a'), candidate('b')])
    old.fail(10, 1, 'server-error')
    old.fail(20, 2, 'server-error')
    old.wait()
    old.change('b', barred({ lastResortAtMs: 8_000 }))
    expect(old.fail(600, 3, 'server-error').at(-1)).toMatch(/^give-up/)
  })

  test('nobody is waited for at a price: two that may have been billed are enough', () => {
    const loop = begun([candidate('a'), candidate('b'), out('c', { lastResortAtMs: 2_000 })])
    for (const attempt of [1, 2]) {
      loop.tell(attempt, { type: 'response-started', attempt })
      loop.fail(10 * attempt, attempt, 'stream-cut')
      loop.tell(10 * attempt + 5, { type: 'response-started', attempt: attempt + 1 })
    }
    expect(loop.state.phase.kind).toBe('over')
  })
})

describe('everybody was tried', () => {
  test('the request gets the error at once, unless the user wants it to wait', () => {
    const loop = begun([candidate('a')], { roundsMax: 1 })
    expect(loop.fail(10, 1, 'server-error').at(-1)).toMatch(/^give-up/)
  })

  const patient = { roundsMax: 1, holdAfterFailureMs: 60_000 }

  test('then it asks again, further and further apart', () => {
    const loop = begun([candidate('a')], { ...patient, attemptsMax: 9 })
    const waits: number[] = []
    for (let attempt = 1; attempt <= 6; attempt++) {
      loop.fail(loop.nowMs + 10, attempt, 'server-error')
      const from = loop.nowMs
      while (loop.state.phase.kind === 'waiting') loop.wait()
      waits.push(Math.round((loop.nowMs - from) / 10) * 10)
    }
    expect(waits).toEqual([510, 1_010, 2_010, 4_010, 8_010, 8_010])
  })

  test('and spreads its last tries over the time that is left', () => {
    const loop = begun([candidate('a')], { ...patient, attemptsMax: 3 })
    loop.fail(10, 1, 'server-error')
    expect(loop.state.phase).toMatchObject({ why: 'hold', untilMs: 10 + 60_000 / 3 + 10 })
    const quick = begun([candidate('a'), candidate('b'), out('c')], { ...patient, attemptsMax: 4 })
    quick.fail(10, 1, 'server-error')
    expect(quick.fail(20, 2, 'server-error')).toEqual(['report 2 failed server-error', 'look'])
    expect(quick.state.phase).toMatchObject({ why: 'hold', untilMs: 20_030 })
    expect(quick.change('c', available).look(100)).toEqual(['start 3 c failover'])
  })

  test('waits for the first that opens, in the order of the plan among those that are open', () => {
    const loop = begun([candidate('a'), candidate('b')], patient)
    loop.fail(10, 1, 'server-error')
    loop.change('a', barred({ lastResortAtMs: 50_000 })).change('b', barred({ lastResortAtMs: 40_000 }))
    loop.fail(20, 2, 'server-error')
    expect(loop.state.phase).toMatchObject({ why: 'hold', untilMs: 40_010 })
    loop.change('a', due).change('b', available)
    expect(loop.look(30_000)).toEqual(['spend-budget', 'start 3 b last-resort'])
    const probes = begun([candidate('a')], patient)
    probes.fail(10, 1, 'server-error')
    probes.change('a', due)
    expect(probes.wait().at(-1)).toBe('start 2 a probe')
  })

  test('does not wait for a place, nor for one that is switched off', () => {
    const full = begun([candidate('a')], patient)
    full.change('a', { kind: 'full', queue: true })
    expect(full.fail(10, 1, 'server-error').at(-1)).toMatch(/^give-up/)
    const off = begun([candidate('a')], patient)
    off.change('a', barred({ lastResortAtMs: null }))
    expect(off.fail(10, 1, 'server-error').at(-1)).toMatch(/^give-up/)
  })

  test('ends with the deadline at the latest', () => {
    const loop = begun([candidate('a')], { ...patient, attemptsMax: 3 }, 1_000)
    loop.fail(10, 1, 'server-error')
    expect(loop.state.phase).toMatchObject({ untilMs: 10 + 990 / 3 + 10 })
  })
})
