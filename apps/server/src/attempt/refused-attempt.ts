import type { NotPrepared } from '../upstream/way.ts'
import type { Attempt, AttemptNews } from './attempt.ts'

/**
 * An attempt that ends before anything is sent, because the request cannot be said in the target's dialect. Another candidate
 * may take it as it is; if none does, the client is told what stands in the way.
 */
export function refusedAttempt({ status, body, message }: NotPrepared, tell: (news: AttemptNews) => void): Attempt {
  const head = { status, rawHeaders: [], headers: {} }
  const answer = { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) }
  process.nextTick(() => tell({ type: 'failed', failure: { kind: 'conversion-refused', status, message } }))
  return {
    commit() {},
    releaseOpening() {},
    resume() {},
    cancel() {},
    supplyEnd() {},
    head: () => undefined,
    refusal: () => ({ head, answer }),
    errorEvent: () => undefined,
    usage: () => ({}),
    losses: () => [],
    stopReason: () => undefined,
    timing: () => ({ sentAtMs: undefined, arrivedAtMs: undefined, shownAtMs: undefined }),
  }
}
