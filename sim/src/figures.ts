import { defaultHealthPolicy } from '@lb/health'
import { type LoopPolicy, routeTargets, streamPolicy } from '@lb/router'
import { hidden } from './faults.ts'
import { Stopwatch } from './stopwatch.ts'
import type { FaultPlan } from './upstream.ts'
import { runWorld, type WorldEnd, type WorldPlan } from './world.ts'

/** One line of the table. */
export interface Figure {
  readonly id: string
  readonly what: string
  readonly goal: string
  readonly measured: string
  readonly holds: boolean
}

const MINUTE = 60_000
const ALWAYS = Number.MAX_SAFE_INTEGER

interface Setting {
  readonly seed: number
  readonly requests: number
  readonly faults: readonly (readonly FaultPlan[])[]
  readonly gapMs?: number
  readonly loop?: Partial<LoopPolicy>
  readonly abortShare?: number
  readonly faultShare?: number
}

/** The goals R1–R7, each measured over about `requests` requests. Clients do not retry: what counts is the first answer. */
export function figures(seed: number, requests: number): Figure[] {
  return [
    ...dead(seed, requests),
    ...flaky(seed, requests),
    strangers(seed, requests),
    ...failoverTime(seed, requests),
    ...outage(seed, requests),
    ...recovery(seed),
  ]
}

/** Faults that are judged one request at a time: a provider is not dead because of them, and every request pays again. */
const PASSING = new Set(['408', 'stale'])

function dead(seed: number, requests: number): Figure[] {
  const faults = Object.keys(hidden)
  const each = Math.ceil(requests / faults.length)
  const one = faults.map((fault) =>
    runWorld(world({ seed, requests: each, gapMs: 200, faults: [[always(fault, 1)], [], []] })),
  )
  const two = faults.map((fault) => {
    const plan = [always(fault, 1)]
    return runWorld(world({ seed, requests: each, gapMs: 200, faults: [plan, plan, []] }))
  })
  const lasting = total(one.filter((_, index) => !PASSING.has(faults[index] ?? '')))
  const perRequest = lasting.attempts / lasting.all
  return [
    ...[one, two].map((runs, index) => {
      const { asked, answered } = total(runs)
      const what = `${index + 1} of 3 dead, each of ${faults.length} faults before the first content: ${asked} requests`
      return figure('R1', what, '100 %', answered / asked, answered === asked)
    }),
    {
      id: 'R5',
      what: `attempts per request with one dead (without ${[...PASSING].join(', ')})`,
      goal: '≤ 1.02',
      measured: perRequest.toFixed(4),
      holds: perRequest <= 1.02,
    },
  ]
}

function flaky(seed: number, requests: number): Figure[] {
  const faults = ['500', '529', 'refused', 'error-opened', 'reset']
  const each = Math.ceil(requests / faults.length)
  return [
    { share: 0.1, goal: 0.9999, most: Number.POSITIVE_INFINITY },
    { share: 0.3, goal: 0.995, most: 1.5 },
  ].flatMap(({ share, goal, most }) => {
    const runs = faults.map((fault) => {
      const plans = [0, 1, 2].map(() => [always(fault, share)])
      return runWorld(world({ seed, requests: each, faults: plans }))
    })
    const { asked, answered, attempts, all } = total(runs)
    const what = `each of 3 failing ${share * 100} % (${faults.join(', ')}): ${asked} requests`
    const line = figure('R2', what, `≥ ${goal * 100} %`, answered / asked, answered / asked >= goal)
    const perRequest = attempts / all
    const cost = { id: 'R5', what: `attempts per request at ${share * 100} %`, goal: `≤ ${most}` }
    return most < 9 ? [line, { ...cost, measured: perRequest.toFixed(3), holds: perRequest <= most }] : [line]
  })
}

function strangers(seed: number, requests: number): Figure {
  const end = runWorld(world({ seed, requests, faults: [[], [], []], abortShare: 0.2, faultShare: 0.3 }))
  const { facts } = end.sums
  return {
    id: 'R3',
    what: `half of ${requests} requests invalid, aborted or with a refused credential of their own`,
    goal: '0 changes of health; the others 100 %',
    measured: `${facts} changes; ${percent(end.answered / end.asked)}`,
    holds: facts === 0 && end.answered === end.asked,
  }
}

function failoverTime(seed: number, requests: number): Figure[] {
  const watch = new Stopwatch()
  runWorld(world({ seed, requests, faults: [[always('refused', 0.5)], [always('529', 0.5)], []] }), (agenda) =>
    watch.on(agenda),
  )
  const stalled = new Stopwatch()
  const end = runWorld(world({ seed, requests, faults: [[always('stall', 1)], [], []] }), (agenda) =>
    stalled.on(agenda),
  )
  const slow = stalled.slowRequests(2_000)
  return [
    {
      id: 'R4',
      what: `time from a refusal to the next attempt (virtual), p99 of ${watch.failovers.length} failovers`,
      goal: '≤ 5 ms',
      measured: `${watch.failoverP99Ms()} ms`,
      holds: watch.failoverP99Ms() <= 5,
    },
    {
      id: 'R4',
      what: `one provider stalls for ${Math.round(end.endedMs / MINUTE)} min: requests that noticed, of ${requests}`,
      goal: 'those of the first 30 s, then one a probe',
      measured: `${slow.early} + ${slow.later}`,
      holds: slow.later <= Math.ceil(end.endedMs / 2_500),
    },
  ]
}

function outage(seed: number, requests: number): Figure[] {
  const gapMs = (60 * MINUTE) / Math.min(requests, 36_000)
  const everybody = [0, 1, 2].map(() => [{ fault: '529', share: 1, fromMs: 10 * MINUTE, untilMs: 11 * MINUTE }])
  const setting = { seed, requests: Math.min(requests, 36_000), faults: everybody, gapMs }
  const held = runWorld(world({ ...setting, loop: { holdMaxMs: 120_000, holdAfterFailureMs: 120_000 } }))
  const watch = new Stopwatch()
  const unheld = runWorld(world({ ...setting, loop: { holdMaxMs: 0 } }), (agenda) => watch.on(agenda))
  const perRequest = held.sums.attempts / held.sums.requests
  const share = held.answered / held.asked
  return [
    figure(
      'R6',
      `60 s of total outage in an hour, hold 120 s: ${held.asked} requests`,
      '≥ 99.99 %',
      share,
      share >= 0.9999,
    ),
    {
      id: 'R5',
      what: 'attempts per request over that hour',
      goal: '≤ 1.05',
      measured: perRequest.toFixed(4),
      holds: perRequest <= 1.05,
    },
    {
      id: 'R6',
      what: `the same with hold off: ${unheld.sums.refused} errors, the slowest after`,
      goal: '≤ 1 s, with retry-after',
      measured: `${Math.round(watch.slowestRefusalMs)} ms, ${watch.datelessRefusals} without`,
      holds: watch.slowestRefusalMs <= 1_000 && watch.datelessRefusals === 0,
    },
  ]
}

function recovery(seed: number): Figure[] {
  const healedMs = 30_000
  const watch = new Stopwatch()
  const faults = [[{ fault: '500', share: 1, fromMs: 20_000, untilMs: healedMs }], [], []]
  runWorld(world({ seed, requests: 12_000, gapMs: 20, faults }), (agenda) => watch.on(agenda))
  const probeMs = watch.firstStartMs('p0', healedMs) - healedMs
  const shareMs = watch.fullShareMs('p0', healedMs) - healedMs
  return [
    {
      id: 'R7',
      what: 'healed after 10 s: first probe',
      goal: '≤ its backoff (10 s)',
      measured: `${(probeMs / 1000).toFixed(1)} s`,
      holds: probeMs <= 10_000,
    },
    {
      id: 'R7',
      what: 'full share of the traffic after',
      goal: '≤ 60 s',
      measured: `${(shareMs / 1000).toFixed(1)} s`,
      holds: shareMs <= 60_000,
    },
    ...[0.3, 0.5, 0.8].map((share) => poolOfOne(seed, share)),
  ]
}

/** Without further rounds every request is asked at most once, so requests less attempts are those that lb refused by itself. */
function poolOfOne(seed: number, share: number): Figure {
  const { sums } = runWorld(world({ seed, requests: 20_000, faults: [[always('500', share)]], loop: { roundsMax: 1 } }))
  const unasked = sums.requests - sums.attempts
  return {
    id: 'R7',
    what: `a pool of one that fails ${share * 100} %: of ${sums.requests} requests, refused without asking`,
    goal: '0',
    measured: `${unasked}; ${percent(sums.completed / sums.requests)} answered`,
    holds: unasked === 0,
  }
}

function world({ seed, requests, faults, gapMs = 50, loop, abortShare = 0, faultShare = 0 }: Setting): WorldPlan {
  const upstreams = faults.map((plans, index) => ({
    name: `p${index}`,
    credentials: ['k'],
    faults: plans,
    pace: { connectMs: 20, ttftMs: 400, writeMs: 3_000 },
  }))
  const providers = upstreams.map(({ name }) => ({
    name,
    credentials: [{ name: 'k', weight: 1 }],
    passThrough: false,
    price: null,
  }))
  const entries = upstreams.map(({ name }, priority) => ({ provider: name, model: null, priority }))
  const features = { tokens: 0, thinking: false, images: false, webSearch: false, tools: false, background: false }
  const asked = { model: 'claude-opus', features, forcedProvider: null }
  return {
    seed,
    instances: 1,
    shareEveryMs: 0,
    gateway: {
      targets: routeTargets([{ pattern: '*', entries }], providers, asked),
      strategy: 'priority',
      health: defaultHealthPolicy,
      loop: { ...streamPolicy, ...loop },
      stickyMs: 300_000,
    },
    upstreams,
    clients: {
      requests,
      gapMs,
      sessions: 0,
      kind: 'needs-error',
      retries: 0,
      timeoutMs: 600_000,
      abortShare,
      faultShare,
    },
    healedMs: ALWAYS,
  }
}

function always(fault: string, share: number): FaultPlan {
  return { fault, share, fromMs: 0, untilMs: ALWAYS }
}

function total(runs: readonly WorldEnd[]) {
  const sum = (of: (end: WorldEnd) => number): number => runs.reduce((all, end) => all + of(end), 0)
  return {
    asked: sum(({ asked }) => asked),
    answered: sum(({ answered }) => answered),
    attempts: sum(({ sums }) => sums.attempts),
    all: sum(({ sums }) => sums.requests),
  }
}

function figure(id: string, what: string, goal: string, share: number, holds: boolean): Figure {
  return { id, what, goal, measured: percent(share), holds }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(4)} %`
}
