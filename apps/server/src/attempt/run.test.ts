import type { Failure } from '@lb/protocol'
import { type LoopEffect, streamPolicy } from '@lb/router'
import { expect, test } from 'vitest'
import type { ClientView } from '../egress/client-view.ts'
import { planned } from '../testing/planned.ts'
import type { Attempt, AttemptNews } from './attempt.ts'
import { Run } from './run.ts'
import type { RunDeps } from './run-deps.ts'

const thrown = new Error('a bug')

const candidates = ['a', 'b'].map((id) => planned(id))

const silent: ClientView = {
  preamble: () => undefined,
  ping: () => undefined,
  events: () => true,
  whole: () => undefined,
  refuse: () => undefined,
  errorEvent: () => undefined,
  end: () => undefined,
  abort: () => undefined,
  shown: () => ({}),
}

/** A run whose part `broken` throws whenever it is used, and what the others were told. */
function startBroken(broken: string) {
  const seen = { reports: [] as string[], cancelled: [] as number[], errors: [] as unknown[], over: 0 }
  const tells = new Map<number, (news: AttemptNews) => void>()
  const may = (part: string): void => {
    if (part === broken) throw thrown
  }
  const attemptOf = (number: number): Attempt => ({
    commit: () => may('commit'),
    releaseOpening: () => may('release-opening'),
    resume: () => undefined,
    cancel: () => {
      seen.cancelled.push(number)
      may('cancel')
    },
    supplyEnd: () => may('supply-end'),
    head: () => undefined,
    refusal: () => undefined,
    errorEvent: () => undefined,
    usage: () => ({}),
    stopReason: () => undefined,
    losses: () => [],
    timing: () => ({ sentAtMs: undefined, arrivedAtMs: undefined, shownAtMs: undefined }),
  })
  const view: ClientView = { ...silent, end: () => may('end'), abort: () => may('abort') }
  const deps: RunDeps = {
    clock: { nowMs: () => 0, epochMs: () => 0 },
    roll: () => 0.5,
    policy: streamPolicy,
    client: 'needs-error',
    timeoutMs: 600_000,
    candidates: () => candidates,
    view,
    log: null,
    retryTokens: () => 10,
    refuseChance: 0,
    look() {
      may('look')
      return broken === 'unknown' ? candidates.map((candidate) => ({ ...candidate, id: 'c' })) : candidates
    },
    waiting: () => undefined,
    start(_candidate, { attempt }, tell) {
      may(`start ${attempt}`)
      tells.set(attempt, tell)
      return attemptOf(attempt)
    },
    report({ attempt, outcome }: Extract<LoopEffect, { type: 'report' }>, reported) {
      seen.reports.push(`${attempt} ${outcome.kind}${reported === undefined ? ' of nothing' : ''}`)
      may('report')
    },
    spendBudget: () => undefined,
    refresh: () => new Promise<Failure | null>(() => undefined),
    giveUp: () => may('give-up'),
    endTruthfully: () => may('end-truthfully'),
    internalError: (error) => seen.errors.push(error),
    over: () => {
      seen.over += 1
    },
  }
  const run = new Run(deps)
  return { run, seen, tell: (attempt: number, news: AttemptNews) => tells.get(attempt)?.(news) }
}

const failed = (kind: Failure['kind']): AttemptNews => ({ type: 'failed', failure: { kind, message: kind } })

type Broken = ReturnType<typeof startBroken>

const begin = ({ tell }: Broken): void => {
  tell(1, { type: 'response-started' })
  tell(1, { type: 'opened' })
  tell(1, { type: 'content' })
}

test.each<[string, (broken: Broken) => void, readonly string[]]>([
  ['cancel', ({ run }) => run.clientGone(), ['1 abandoned']],
  ['cancel', ({ run }) => run.stop(), ['1 abandoned']],
  [
    'supply-end',
    (broken) => {
      begin(broken)
      broken.tell(1, failed('end-missing'))
    },
    ['1 alive', '1 failed'],
  ],
  ['commit', begin, ['1 alive', '1 abandoned']],
  ['report', ({ tell }) => tell(1, failed('server-error')), ['1 failed']],
  ['look', ({ tell }) => tell(1, failed('server-error')), ['1 failed']],
  ['start 1', () => undefined, ['1 abandoned of nothing']],
  ['start 2', ({ tell }) => tell(1, failed('server-error')), ['1 failed', '2 abandoned of nothing']],
  // What never began has no end.
  ['unknown', ({ tell }) => tell(1, failed('server-error')), ['1 failed']],
  [
    'end',
    (broken) => {
      begin(broken)
      broken.tell(1, { type: 'completed' })
    },
    ['1 alive', '1 succeeded'],
  ],
  [
    'give-up',
    ({ tell }) => {
      tell(1, failed('invalid-request'))
    },
    ['1 failed'],
  ],
  ['end-truthfully', (broken) => [begin(broken), broken.run.stop()], ['1 alive', '1 abandoned']],
])('%s throws: what began is reported once, and the request ends (%#)', (part, tell, reports) => {
  const broken = startBroken(part)
  tell(broken)
  expect(broken.seen.reports).toEqual(reports)
  expect(broken.seen.errors[0]).toBeInstanceOf(Error)
  expect([broken.run.isOver, broken.seen.over]).toEqual([true, 1])
  broken.run.stop()
  broken.tell(1, failed('stream-cut'))
  expect([broken.seen.reports, broken.seen.over]).toEqual([reports, 1])
})

test('an attempt whose credential was being renewed when something threw is reported, too', () => {
  const broken = startBroken('end-truthfully')
  broken.tell(1, failed('credential-expired'))
  expect(broken.seen.reports).toEqual([])
  broken.run.stop()
  expect(broken.seen.reports).toEqual(['1 abandoned'])
})
