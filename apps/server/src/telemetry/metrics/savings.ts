import type { ClientRequest } from '../../ingress/client-request.ts'
import { recentMap } from '../../state/recent-map.ts'
import type { RequestObserver } from '../observer.ts'
import { tokensOfAnswer } from './answer-usage.ts'
import type { MetricSet } from './metric-set.ts'
import { eachKind, type TokenCounts } from './token-counts.ts'

/** Answers linger for seconds after their end; more than this do not end in that time. */
const MOST_ANSWERS = 1_000

/** What shared answers spared. */
export interface Savings {
  readonly observer: Pick<
    RequestObserver,
    'flightOpened' | 'followerJoined' | 'followerParted' | 'followerDone' | 'answerReplayed'
  >
  /** The request is over, and used this much. */
  answered(request: string, counts: TokenCounts | undefined): void
}

/** Counts what those got who did not have to ask: a follower may be done before the call that served it, or after. */
export function createSavings(set: MetricSet): Savings {
  const answers = recentMap<TokenCounts | undefined>(MOST_ANSWERS)
  /** By leader: how many were served whose cost is not known yet. */
  const waiting = recentMap<number>(MOST_ANSWERS)

  function saved(counts: TokenCounts | undefined, times = 1): void {
    if (counts === undefined) return
    eachKind(counts, (kind, tokens) => {
      set.savedTokens.cell(kind).value += tokens * times
    })
  }

  return {
    observer: {
      flightOpened() {
        set.flights.cell().value += 1
      },
      followerJoined({ request, how }) {
        set.coalesced.cell(how).value += 1
        set.requestsInFlight.cell(request.endpoint).value += 1
      },
      followerParted({ request }) {
        // Its own call is about to be counted.
        set.requestsInFlight.cell(request.endpoint).value -= 1
      },
      followerDone({ request, leader, ending, bytes, firstByteAtMs, nowMs }) {
        set.requestsInFlight.cell(request.endpoint).value -= 1
        observeTimes(set, request, firstByteAtMs, nowMs)
        set.replayedBytes.cell().value += bytes
        if (request.stream) set.streams.cell(endings[ending]).value += 1
        if (ending !== 'whole') return
        set.savedCalls.cell().value += 1
        if (answers.has(leader.id)) saved(answers.get(leader.id))
        else waiting.set(leader.id, (waiting.get(leader.id) ?? 0) + 1)
      },
      answerReplayed({ request, answer, nowMs }) {
        observeTimes(set, request, nowMs, nowMs)
        set.coalesced.cell('cached').value += 1
        set.savedCalls.cell().value += 1
        set.replayedBytes.cell().value += answer.chunks.reduce((sum, { length }) => sum + length, 0)
        if (request.stream) set.streams.cell(endings.whole).value += 1
        saved(tokensOfAnswer(answer))
      },
    },
    answered(request, counts) {
      answers.set(request, counts)
      const times = waiting.get(request)
      if (times === undefined) return
      waiting.delete(request)
      saved(counts, times)
    },
  }
}

/** A client waits for its answer no less because another one asked for it: they share the histograms. */
export function observeTimes(
  set: Pick<MetricSet, 'requestDuration' | 'timeToFirstByte'>,
  { endpoint, stream, receivedAtMs }: ClientRequest,
  firstByteAtMs: number | undefined,
  nowMs: number,
): void {
  const isStream = stream ? 'true' : 'false'
  set.requestDuration.series(endpoint, isStream).observe((nowMs - receivedAtMs) / 1000)
  if (firstByteAtMs === undefined) return
  set.timeToFirstByte.series(endpoint, isStream).observe((firstByteAtMs - receivedAtMs) / 1000)
}

/** How a follower's answer ended, in the words of the requests that asked themselves. */
const endings = { whole: 'completed', failed: 'ended-truthfully', left: 'client-gone' } as const
