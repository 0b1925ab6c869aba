import type { Outcome } from '@lb/router'
import { startJob } from '../attempt/job.ts'
import { createClientView, pings } from '../egress/client-view.ts'
import type { Outlet } from '../egress/outlet.ts'
import type { ClientRequest } from '../ingress/client-request.ts'
import { noFeatures } from '../state/features.ts'
import type { House } from '../state/house.ts'
import { Targets } from '../state/targets.ts'
import { allOf } from '../telemetry/observer.ts'
import { type Act, scriptedPools } from './scripted-pools.ts'

/** What one client saw of one request, and what lb made of its upstreams. */
export interface Seen {
  /** The answer without lb's own signs of life. */
  readonly bytes: Buffer
  readonly status: number | undefined
  readonly ending: 'end' | 'cut' | 'none'
  /** Milliseconds of the longest silence, from the start of the request to its end. */
  readonly longestSilenceMs: number
  readonly pings: number
  readonly calls: ReadonlyMap<string, number>
  /** How each provider's attempts ended, in order. */
  readonly outcomes: readonly { readonly provider: string; readonly outcome: Outcome }[]
}

/** How the test's virtual time goes on. */
export interface VirtualTime {
  /** Everything that can happen now has happened. */
  settled(): Promise<void>
  /** To the next timer. @returns `false` when there is none. */
  goOn(): boolean
}

/** More timers than any request sets. */
const STEPS_MAX = 2000
/** Claude Code leaves a stream that brought nothing but pings for this long. */
const PATIENCE_MS = 300_000

/** Answers a request in a house of its own health, with upstreams that play `acts`. */
export async function runCase(
  house: House,
  request: ClientRequest,
  acts: (origin: string) => readonly Act[],
  time: VirtualTime,
): Promise<Seen> {
  const { clock, roll, current } = house
  const outcomes: { provider: string; outcome: Outcome }[] = []
  const observer = allOf(
    [
      {
        attemptReported: ({ candidate, outcome }) =>
          void (outcome.kind === 'alive' || outcomes.push({ provider: candidate.provider, outcome })),
      },
    ],
    house.internalError,
  )
  const pools = scriptedPools(acts)
  const targets = new Targets({ clock, roll, current, priceOf: () => null, onFact() {} })
  const recorder = recordingOutlet(clock.nowMs)
  const { id, model } = request

  const wanted = { request: id, model, features: noFeatures, forcedProvider: null, tokens: 0, session: () => 'session' }
  const { candidates, session } = targets.plan(current(), wanted)
  let isOver = false
  const beganMs = clock.nowMs()
  const run = startJob({
    house: { ...house, pools, targets, observer },
    compiled: current(),
    request,
    candidates,
    session,
    view: createClientView(recorder.outlet, { dialect: 'anthropic', requestId: id, nowMs: clock.nowMs }),
    log: null,
    replan: (now) => targets.plan(now, wanted),
    over() {
      isOver = true
    },
  })
  await time.settled()
  for (let step = 0; !isOver && clock.nowMs() - beganMs < PATIENCE_MS; step += 1) {
    if (step > STEPS_MAX || !time.goOn()) throw new Error(`a request that never ends: ${recorder.seen().bytes}`)
    await time.settled()
  }
  // The client leaves, as Claude Code does after so long without anything but signs of life.
  if (!isOver) run.clientGone()
  return { ...recorder.seen(), calls: pools.calls, outcomes }
}

/** An outlet that remembers what was written and when. */
function recordingOutlet(nowMs: () => number): {
  readonly outlet: Outlet
  seen(): Omit<Seen, 'calls' | 'outcomes'>
} {
  const written: Uint8Array[] = []
  let status: number | undefined
  let ending: Seen['ending'] = 'none'
  let lastMs = nowMs()
  let longestSilenceMs = 0
  let pingCount = 0
  const note = (): void => {
    longestSilenceMs = Math.max(longestSilenceMs, nowMs() - lastMs)
    lastMs = nowMs()
  }
  const take = (bytes: Uint8Array): void => {
    // As with a real connection, nothing comes behind the end.
    if (ending !== 'none') return
    note()
    if (bytes === pings.anthropic) pingCount += 1
    else written.push(bytes)
  }
  const outlet: Outlet = {
    head(code) {
      status = code
    },
    write(bytes) {
      take(bytes)
      return true
    },
    end(_, bytes) {
      if (bytes === undefined) note()
      else take(bytes)
      ending = 'end'
    },
    abort() {
      note()
      ending = 'cut'
    },
  }
  return {
    outlet,
    seen: () => ({ bytes: Buffer.concat(written), status, ending, longestSilenceMs, pings: pingCount }),
  }
}
