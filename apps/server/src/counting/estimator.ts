import { setTimeout as sleep } from 'node:timers/promises'
import { parseJson } from '@lb/protocol'
import {
  type Calibration,
  type Counted,
  emptyCalibration,
  estimateTokens,
  learnedRatio,
  profileOf,
  type TokenEstimate,
} from '@lb/tokens'
import type { ThreadClient } from '../threads/thread-client.ts'
import type { TokenAnswers, TokenAsk } from './token-messages.ts'

/** Estimates how many tokens a request has. */
export interface Estimator {
  /** At once, by character classes: a millisecond for 150 KB. */
  now(body: Buffer, target: Counted): TokenEstimate
  /** As good as can be had soon: by the vocabulary, once that is loaded. What takes long is done in another thread. */
  best(body: Buffer, target: Counted): Promise<TokenEstimate>
  /** By the vocabulary and without regard to what was learned, if that is at hand; else `undefined`. For learning. */
  exactly(body: Buffer, target: Counted): Promise<TokenEstimate | undefined>
  /** Ends the thread. */
  close(): Promise<void>
}

export interface EstimatorDeps {
  readonly client: ThreadClient<TokenAsk, TokenAnswers>
  calibration(): Calibration
}

/** More than this is not looked into on the thread that serves. */
export const MOST_BYTES_HERE: number = 512 * 1024
/** More than this is not counted by the vocabulary anywhere: a second for every two megabytes. */
const MOST_BYTES_EXACT = 2 << 20
/** Nobody waits longer for a better estimate. */
const PATIENCE_MS = 2_000
/** The vocabulary takes 170 MB: whoever does not count for so long gives it back. */
const IDLE_MS = 600_000
/** Prose, code and JSON in UTF-8; rather too many tokens than too few. */
const BYTES_PER_TOKEN = 3

export function createEstimator({ client, calibration }: EstimatorDeps): Estimator {
  let vocabulary: 'absent' | 'loading' | 'loaded' = 'absent'
  let idle: NodeJS.Timeout | undefined

  function load(): void {
    if (vocabulary !== 'absent') return
    vocabulary = 'loading'
    const loaded = client.ask({ kind: 'load' })
    void loaded.then(
      () => {
        vocabulary = 'loaded'
      },
      () => {
        vocabulary = 'absent'
      },
    )
  }

  function giveBackWhenIdle(): void {
    idle ??= setTimeout(() => {
      idle = undefined
      vocabulary = 'absent'
      void client.end()
    }, IDLE_MS).unref()
    idle.refresh()
  }

  function now(body: Buffer, target: Counted): TokenEstimate {
    const json = body.length <= MOST_BYTES_HERE ? parseJson(body.toString('utf8')) : undefined
    return json?.ok ? estimateTokens(json.value, target, calibration()) : guess(body, target)
  }

  /** @returns `undefined`: not in time, or the thread has died. */
  async function elsewhere(body: Buffer, target: Counted, isExact: boolean): Promise<TokenEstimate | undefined> {
    giveBackWhenIdle()
    const copy = Uint8Array.from(body)
    const asked = client.ask({ kind: 'estimate', body: copy, target, isExact }, [copy.buffer])
    const estimate = await Promise.race([asked.catch(() => null), sleep(PATIENCE_MS, null, { ref: false })])
    return estimate ?? undefined
  }

  return {
    now,
    async best(body, target) {
      load()
      giveBackWhenIdle()
      if (vocabulary !== 'loaded' && body.length <= MOST_BYTES_HERE) return now(body, target)
      const estimate = await elsewhere(body, target, body.length <= MOST_BYTES_EXACT)
      return estimate === undefined ? now(body, target) : corrected(estimate, target, calibration())
    },
    async exactly(body, target) {
      if (vocabulary !== 'loaded') return undefined
      const estimate = await elsewhere(body, target, true)
      return estimate?.grade === 'exact' ? estimate : undefined
    },
    close() {
      clearTimeout(idle)
      return client.end()
    },
  }
}

/** An estimate that was made without knowing what was learned. */
function corrected(estimate: TokenEstimate, target: Counted, calibration: Calibration): TokenEstimate {
  const learned = learnedRatio(calibration, { ...target, grade: estimate.grade })
  if (learned === undefined) return estimate
  const more = estimate.baseTokens * (learned - profileOf(target.model).ratio)
  return { ...estimate, inputTokens: Math.max(1, Math.ceil(estimate.inputTokens + more)), basis: 'learned' }
}

/** Nothing is known of a body but its length. */
function guess(body: Buffer, { model }: Counted): TokenEstimate {
  const baseTokens = Math.ceil(body.length / BYTES_PER_TOKEN)
  const { inputTokens } = estimateTokens('', { provider: '', model }, emptyCalibration)
  return { inputTokens: inputTokens + baseTokens, baseTokens, grade: 'fast', basis: 'family', doubts: ['unknown'] }
}
