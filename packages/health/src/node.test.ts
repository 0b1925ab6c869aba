import type { FailureKind, FailureRow } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import type { Bar } from './bar.ts'
import {
  abandon,
  countAt,
  fail,
  freshNode,
  isLapsed,
  isSettled,
  type NodeHealth,
  type NodeStep,
  showLife,
  startAttempt,
  succeed,
  type Verdict,
} from './node.ts'
import { defaultHealthPolicy, type HealthPolicy } from './policy.ts'

/** Without the free tries, so that the pace shows at once. */
const policy: HealthPolicy = { ...defaultHealthPolicy, lastResortFreeTries: 0 }
const at = (nowMs: number, roll = 1) => ({ nowMs, roll })
const seen = (attempt: string, startedMs = 0) => ({ attempt, startedMs })

function verdict(
  aftermath: Exclude<FailureRow['aftermath'], 'none'> = 'count',
  weight = 1,
  retryAfterMs?: number,
  kind: FailureKind = 'server-error',
): Verdict {
  const failure = { kind, message: '', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  return { failure, weight, aftermath }
}

/** Fails once at each time. */
function failed(times: readonly number[], use: HealthPolicy = policy, of: Verdict = verdict()): NodeStep {
  let step: NodeStep = { node: freshNode, facts: [] }
  for (const time of times) step = fail(step.node, of, seen(`a${time}`, time), at(time), use)
  return step
}

const closed = (node: NodeHealth) => (node.state.kind === 'closed' ? node.state : undefined)
const barOf = (node: NodeHealth): Bar | undefined => ('bar' in node.state ? node.state.bar : undefined)
const ejected = failed([100, 200]).node

describe('a closed node', () => {
  test('counts failures in a row and is ejected at the threshold', () => {
    const once = failed([100])
    expect(once.facts).toEqual([{ type: 'counted', kind: 'server-error', count: 1, threshold: 2 }])
    expect(closed(once.node)).toEqual({ kind: 'closed', count: 1, recoveredMs: null })
    const twice = failed([100, 200])
    expect(twice.facts).toEqual([
      { type: 'counted', kind: 'server-error', count: 2, threshold: 2 },
      { type: 'barred', kind: 'server-error', reason: 'ejected', forMs: 5_000 },
    ])
    expect(twice.node).toMatchObject({
      state: {
        kind: 'barred',
        bar: { reason: 'ejected', sinceMs: 200, untilMs: 5_200 },
        lastResort: { level: 0, atMs: 200 },
      },
      growth: { level: 1, atMs: 200 },
      barredMs: 200,
      lastFailureMs: 200,
    })
  })

  test('counts halves as halves', () => {
    const half = verdict('count', 0.5)
    expect(failed([1, 2, 3], policy, half).node.state).toMatchObject({ kind: 'closed', count: 1.5 })
    expect(failed([1, 2, 3, 4], policy, half).node.state.kind).toBe('barred')
  })

  test('starts again after a success', () => {
    const once = failed([100]).node
    const fine = succeed(once, seen('b', 150), at(160), policy)
    expect(fine.facts).toEqual([])
    expect(fine.node.state).toMatchObject({ kind: 'closed', count: 0 })
    expect(fail(fine.node, verdict(), seen('c', 170), at(180), policy).node.state).toMatchObject({ count: 1 })
  })

  test('goes on counting over successes if the user wants it so', () => {
    const strict = { ...policy, resetOnSuccess: false }
    const fine = succeed(failed([100], strict).node, seen('b', 150), at(160), strict)
    expect(fine.node.state).toMatchObject({ kind: 'closed', count: 1 })
    const idle = succeed(failed([100], strict).node, seen('b', 150), at(300_100), strict)
    expect(idle.node.state).toMatchObject({ kind: 'closed', count: 0 })
  })

  test('forgets its count after the reset timeout', () => {
    expect(failed([0, 299_999]).node.state.kind).toBe('barred')
    expect(failed([0, 300_000]).node.state).toMatchObject({ kind: 'closed', count: 1 })
    expect(failed([200_000, 400_000]).node.state.kind).toBe('barred')
    expect(failed([0, 9_000_000], { ...policy, resetTimeoutMs: 0 }).node.state.kind).toBe('barred')
    expect(countAt(freshNode, 3, 9_000_000, policy)).toBe(3)
  })

  test.each(['eject', 'overload'] as const)('is barred by one failure of the kind %s, and counts it', (aftermath) => {
    const step = failed([5], policy, verdict(aftermath, 0.5))
    expect(step.facts.map(({ type }) => type)).toEqual(['counted', 'barred'])
    expect(step.node.state.kind).toBe('barred')
  })

  test.each(['pause', 'down', 'unsupported'] as const)('is barred by %s, which counts nothing', (aftermath) => {
    const step = failed([5], policy, verdict(aftermath, 0))
    expect(step.facts.map(({ type }) => type)).toEqual(['barred'])
  })

  test('is ejected by its ratio though never twice in a row', () => {
    const patient = { ...policy, threshold: 100 }
    let node = freshNode
    for (let i = 0; i < 9; i++) node = fail(node, verdict(), seen('f', i), at(i), patient).node
    expect(node.state.kind).toBe('closed')
    expect(fail(node, verdict(), seen('f', 9), at(9), patient).node.state.kind).toBe('closed')
    expect(fail(node, verdict(), seen('f', 9), at(9), { ...patient, ratioMinResults: 9 }).node.state.kind).toBe(
      'barred',
    )
    expect(
      fail(node, verdict(), seen('f', 9), at(9), { ...patient, ratioMinResults: 9, ratioLimit: 1.1 }).node.state.kind,
    ).toBe('closed')
    for (let i = 0; i < 20; i++) node = succeed(node, seen('s', i), at(10), { ...patient, resetOnSuccess: false }).node
    expect(fail(node, verdict(), seen('f', 20), at(11), patient).node.state.kind).toBe('closed')
  })

  test('has nothing to start, to show or to give back', () => {
    expect(startAttempt(freshNode, 'a', at(1), policy)).toEqual({ node: freshNode, facts: [] })
    expect(showLife(freshNode, seen('a'), at(1), policy)).toEqual({ node: freshNode, facts: [] })
    expect(abandon(freshNode, 'a')).toBe(freshNode)
  })
})

describe('a barred node', () => {
  test('becomes half-open with the first attempt when it is due, not before', () => {
    const early = startAttempt(ejected, 'p', at(5_199), policy)
    expect(early).toMatchObject({ node: { state: { kind: 'barred' } }, facts: [] })
    const due = startAttempt(ejected, 'p', at(5_200), policy)
    expect(due.facts).toEqual([{ type: 'probing', attempt: 'p' }])
    expect(due.node.state).toMatchObject({
      kind: 'half-open',
      probe: { attempt: 'p', untilMs: 20_200 },
      lastResort: { level: 1, atMs: 5_450 },
    })
  })

  test('ignores what began before it was barred', () => {
    expect(succeed(ejected, seen('old', 199), at(300), policy)).toEqual({ node: ejected, facts: [] })
    expect(showLife(ejected, seen('old', 199), at(300), policy)).toEqual({ node: ejected, facts: [] })
    expect(fail(ejected, verdict(), seen('old', 199), at(300), policy)).toEqual({ node: ejected, facts: [] })
    expect(fail(ejected, verdict('pause', 0), seen('old', 199), at(300), policy)).toEqual({ node: ejected, facts: [] })
  })

  test('takes a date from an old attempt all the same', () => {
    const told = fail(ejected, verdict('pause', 0, 60_000), seen('old', 199), at(300), policy)
    expect(told.facts).toEqual([])
    expect(barOf(told.node)).toMatchObject({ reason: 'paused', untilMs: 60_300, notBeforeMs: 60_300, sinceMs: 300 })
    expect(fail(ejected, verdict('overload', 0.5, 60_000), seen('old', 199), at(300), policy).node).toBe(ejected)
    const recovered = succeed(ejected, seen('new', 250), at(260), policy).node
    expect(barOf(fail(recovered, verdict('pause', 0, 60_000), seen('old', 199), at(300), policy).node)).toMatchObject({
      reason: 'paused',
      untilMs: 60_300,
    })
  })

  test('recovers with a last resort that works, slowly', () => {
    const alive = showLife(ejected, seen('new', 200), at(300), policy)
    expect(alive.facts).toEqual([{ type: 'recovered' }])
    expect(alive.node).toMatchObject({
      state: { kind: 'closed', count: 1, recoveredMs: 300 },
      growth: { level: 1, atMs: 300 },
      tally: { successes: 0, failures: 0 },
    })
    expect(succeed(ejected, seen('new', 200), at(300), policy).node.state).toEqual({
      kind: 'closed',
      count: 0,
      recoveredMs: 300,
    })
  })

  test('is on parole until its answer is whole', () => {
    const alive = showLife(ejected, seen('new', 200), at(300), policy).node
    expect(fail(alive, verdict(), seen('new', 200), at(310), policy).node.state.kind).toBe('barred')
    const whole = succeed(alive, seen('new', 200), at(310), policy).node
    expect(fail(whole, verdict(), seen('x', 320), at(330), policy).node.state).toMatchObject({
      kind: 'closed',
      count: 1,
    })
  })

  test('has no parole where successes do not clear the count', () => {
    const strict = { ...policy, resetOnSuccess: false }
    expect(showLife(ejected, seen('new', 200), at(300), strict).node.state).toMatchObject({ count: 0 })
    const one = { ...policy, threshold: 0.5 }
    expect(showLife(ejected, seen('new', 200), at(300), one).node.state).toMatchObject({ count: 0 })
  })

  test('lets the desperate try at growing distances, without being pushed out by them', () => {
    let node = ejected
    const gate = (): number | undefined => ('lastResort' in node.state ? node.state.lastResort.atMs : undefined)
    const gates: (number | undefined)[] = [gate()]
    for (let i = 0; i < 6; i++) {
      node = startAttempt(node, `d${i}`, at(1_000), policy).node
      node = fail(node, verdict(), seen(`d${i}`, 1_000), at(1_000), policy).node
      gates.push(gate())
    }
    expect(gates).toEqual([200, 1_250, 1_500, 2_000, 3_000, 3_000, 3_000])
    expect(barOf(node)).toEqual(barOf(ejected))
    expect(node.growth).toEqual(ejected.growth)
  })

  test('lets the desperate try without a pause until four in a row have failed', () => {
    const usual = defaultHealthPolicy
    let node = ejected
    const gates: unknown[] = []
    for (let i = 0; i < 6; i++) {
      node = startAttempt(node, `d${i}`, at(1_000), usual).node
      node = fail(node, verdict(), seen(`d${i}`, 1_000), at(1_000), usual).node
      gates.push('lastResort' in node.state && node.state.lastResort)
    }
    expect(gates).toEqual([
      { level: 1, atMs: 1_000 },
      { level: 2, atMs: 1_000 },
      { level: 3, atMs: 1_000 },
      { level: 4, atMs: 1_000 },
      { level: 5, atMs: 1_250 },
      { level: 6, atMs: 1_500 },
    ])
    // All who waited for a date come at once, so the one that probes is given a moment.
    const probed = startAttempt(ejected, 'p', at(5_200), usual).node
    expect(probed.state).toMatchObject({ kind: 'half-open', lastResort: { level: 5, atMs: 5_450 } })
  })

  test('claims the moment for one desperate request at a time', () => {
    const tried = fail(ejected, verdict(), seen('d', 300), at(400), policy).node
    expect(tried.state).toMatchObject({ lastResort: { level: 1, atMs: 650 } })
    expect(startAttempt(tried, 'e', at(700), policy).node.state).toMatchObject({ lastResort: { level: 1, atMs: 950 } })
  })

  test('is barred harder by a date or a dead credential of a last resort', () => {
    const dated = fail(ejected, verdict('overload', 0.5, 60_000), seen('d', 300), at(400), policy)
    expect(dated.facts.map(({ type }) => type)).toEqual(['barred'])
    expect(barOf(dated.node)).toMatchObject({ untilMs: 60_400, notBeforeMs: 60_400 })
    expect(dated.node.state).toMatchObject({ lastResort: { level: 1, atMs: 650 } })
    expect(dated.node.growth.level).toBe(2)
    const sooner = fail(ejected, verdict('overload', 0.5, 100), seen('d', 300), at(400, 0), policy).node
    expect(barOf(sooner)).toMatchObject({ reason: 'overloaded', untilMs: 5_400, notBeforeMs: 500 })
    const weaker = fail(ejected, verdict('pause', 0, 100), seen('d', 300), at(400, 0), policy).node
    expect(barOf(weaker)).toMatchObject({ reason: 'ejected', untilMs: 5_200, notBeforeMs: 500 })
    const dead = fail(ejected, verdict('down', 0), seen('d', 300), at(400), policy)
    expect(barOf(dead.node)?.reason).toBe('down')
  })
})

describe('a half-open node', () => {
  const half = startAttempt(ejected, 'p', at(6_000), policy).node

  test('closes when its probe shows content', () => {
    expect(showLife(half, seen('p', 6_000), at(6_100), policy).node.state).toEqual({
      kind: 'closed',
      count: 1,
      recoveredMs: 6_100,
    })
  })

  test('is ejected for longer when its probe fails', () => {
    const step = fail(half, verdict(), seen('p', 6_000), at(6_100), policy)
    expect(step.facts).toEqual([{ type: 'barred', kind: 'server-error', reason: 'ejected', forMs: 10_000 }])
    expect(step.node).toMatchObject({ growth: { level: 2, atMs: 6_100 }, barredMs: 6_100 })
    expect(step.node.state).toMatchObject({ kind: 'barred', lastResort: { level: 2, atMs: 6_600 } })
  })

  test('does not let its growth fade while it is out', () => {
    const late = startAttempt(ejected, 'p', at(900_000), policy).node
    expect(fail(late, verdict(), seen('p', 900_000), at(900_100), policy).facts).toMatchObject([{ forMs: 10_000 }])
    const recovered = showLife(late, seen('p', 900_000), at(900_100), policy).node
    const again = fail(recovered, verdict('eject'), seen('q', 900_200), at(960_100), policy)
    expect(again.facts.at(-1)).toMatchObject({ forMs: 5_000 })
  })

  test('grows to a limit', () => {
    let node = ejected
    for (let i = 0; i < 12; i++) {
      const due = barOf(node)?.probeAtMs ?? 0
      node = startAttempt(node, 'p', at(due), policy).node
      node = fail(node, verdict(), seen('p', due), at(due), policy).node
    }
    expect(node.growth.level).toBe(8)
  })

  test('is due again when its probe is abandoned, by nobody else', () => {
    expect(abandon(half, 'p').state).toMatchObject({ kind: 'barred', bar: { probeAtMs: 5_200 } })
    expect(abandon(half, 'other')).toBe(half)
    expect(startAttempt(abandon(half, 'p'), 'q', at(6_001), policy).facts).toMatchObject([
      { type: 'probing', attempt: 'q' },
    ])
  })

  test('takes another probe when the lease of the first has run out', () => {
    expect(startAttempt(half, 'q', at(20_999), policy).facts).toEqual([])
    expect(startAttempt(half, 'q', at(21_000), policy).facts).toEqual([{ type: 'probing', attempt: 'q' }])
  })

  test('gives each probe after a silent one twice the time, so that few wait for somebody silent', () => {
    let node = half
    const startedMs: number[] = []
    for (let nowMs = 6_000; nowMs < 300_000; nowMs += 1_000) {
      const step = startAttempt(node, `p${nowMs}`, at(nowMs), policy)
      if (step.facts.length > 0) startedMs.push(nowMs)
      node = step.node
    }
    expect(startedMs).toEqual([21_000, 51_000, 111_000, 231_000])
    const due = abandon(node, 'p231000')
    expect(startAttempt(due, 'q', at(300_000), policy).node.state).toMatchObject({ probe: { untilMs: 315_000 } })
  })

  test('hears others than its probe as a last resort', () => {
    const other = fail(half, verdict(), seen('other', 6_010), at(6_100), policy).node
    expect(other.state).toMatchObject({
      kind: 'half-open',
      probe: { attempt: 'p' },
      lastResort: { level: 2, atMs: 6_600 },
    })
    expect(startAttempt(half, 'other', at(7_000), policy).node.state).toMatchObject({
      lastResort: { level: 1, atMs: 7_250 },
    })
  })

  test('keeps its probe when an old attempt brings a date', () => {
    const told = fail(half, verdict('pause', 0, 60_000), seen('old', 100), at(6_100), policy).node
    expect(told.state).toMatchObject({ kind: 'half-open', bar: { untilMs: 66_100 } })
  })
})

describe('a node that was switched off', () => {
  const off: NodeHealth = { ...freshNode, state: { kind: 'disabled', sinceMs: 0 } }

  test('learns nothing', () => {
    expect(startAttempt(off, 'a', at(1), policy).node).toBe(off)
    expect(showLife(off, seen('a'), at(1), policy).node).toBe(off)
    expect(succeed(off, seen('a'), at(1), policy).node).toBe(off)
    expect(fail(off, verdict('down', 0), seen('a'), at(1), policy).node).toBe(off)
    expect(isSettled(off, 9e9, policy)).toBe(false)
  })
})

describe("the predecessor's reset", () => {
  const old = { ...policy, judge: 'count-all', resetTimeoutMs: 2_000 } as const

  test('forgets the mark when it is older than the timeout', () => {
    const barred = failed([100, 200], { ...old, cooldownMs: 300_000 }).node
    expect(isLapsed(barred.state, 2_199, old)).toBe(false)
    expect(isLapsed(barred.state, 2_200, old)).toBe(true)
    expect(startAttempt(barred, 'a', at(2_200), old)).toEqual({ node: freshNode, facts: [{ type: 'recovered' }] })
    expect(startAttempt(barred, 'a', at(2_199), old).node.state.kind).toBe('barred')
  })

  test('is not applied elsewhere, nor when it is switched off', () => {
    expect(isLapsed(ejected.state, 9e9, { ...policy, resetTimeoutMs: 2_000 })).toBe(false)
    expect(isLapsed(ejected.state, 9e9, { ...old, resetTimeoutMs: 0 })).toBe(false)
    expect(isLapsed(freshNode.state, 9e9, old)).toBe(false)
  })
})

describe('a node may be forgotten', () => {
  test('when nothing about it matters any more', () => {
    expect(isSettled(freshNode, 0, policy)).toBe(true)
    expect(isSettled(ejected, 9e9, policy)).toBe(false)
    const once = succeed(failed([0]).node, seen('s', 1), at(1), policy).node
    expect(isSettled(once, 138_000, policy)).toBe(false)
    expect(isSettled(once, 139_000, policy)).toBe(true)
    expect(isSettled(failed([0]).node, 299_999, policy)).toBe(false)
    expect(isSettled(failed([0]).node, 300_000, policy)).toBe(true)
  })

  test('not while it starts slowly, nor while its growth fades', () => {
    const recovered = succeed(ejected, seen('n', 200), at(1_000), policy).node
    expect(isSettled(recovered, 30_999, { ...policy, growthDecayMs: 1 })).toBe(false)
    expect(isSettled(recovered, 31_000, { ...policy, growthDecayMs: 1 })).toBe(true)
    expect(isSettled(recovered, 60_999, policy)).toBe(false)
    expect(isSettled(recovered, 61_000, policy)).toBe(true)
  })
})
