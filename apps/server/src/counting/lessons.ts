import { isJsonObject, type Json, type JsonObject, member, parseJson, stringMember } from '@lb/protocol'
import { type Counted, estimateTokens, observedTokens, piecesOf } from '@lb/tokens'
import type { DoneRequest, RequestObserver } from '../telemetry/observer.ts'
import type { CalibrationBook } from './calibration-book.ts'
import { type Estimator, MOST_BYTES_HERE } from './estimator.ts'

/**
 * Compares estimates with what upstreams counted. Not each of them: a target that is new is looked at often, one that is known
 * now and then, and never two in a row, because a lesson takes a millisecond or two.
 */
export interface LessonsDeps {
  readonly book: CalibrationBook
  readonly estimator: Estimator
  readonly nowMs: () => number
}

/** Smaller requests teach nothing: their fixed part is most of them. */
const LEAST_BYTES = 3_000
const FIRST_SAMPLES = 8
const FIRST_EVERY_MS = 1_000
const LATER_EVERY_MS = 30_000
/** Between the lessons of any targets. */
const PAUSE_MS = 250
const MOST_TARGETS = 1_000

export function createLessons({ book, estimator, nowMs }: LessonsDeps): RequestObserver {
  /** When the next lesson about a target is due, on the monotonic clock. */
  const due = new Map<string, number>()
  let nextMs = 0

  async function learn(target: Counted, body: Buffer, usage: JsonObject): Promise<void> {
    const json = parseJson(body.toString('utf8'))
    if (!json.ok || wasPerhapsEdited(json.value)) return
    const counted = observedTokens({ usage }, piecesOf(json.value))
    if (typeof counted !== 'number') return
    const { baseTokens } = estimateTokens(json.value, target, book.calibration())
    book.learn({ ...target, grade: 'fast' }, baseTokens, counted)
    const exact = await estimator.exactly(body, target)
    if (exact !== undefined) book.learn({ ...target, grade: 'exact' }, exact.baseTokens, counted)
  }

  function isDue(target: Counted): boolean {
    const now = nowMs()
    const key = `${target.provider} ${target.model}`
    if (now < nextMs || now < (due.get(key) ?? 0)) return false
    const isKnown = book.learned({ ...target, grade: 'fast' }) >= FIRST_SAMPLES
    if (due.size >= MOST_TARGETS) due.clear()
    due.set(key, now + (isKnown ? LATER_EVERY_MS : FIRST_EVERY_MS))
    nextMs = now + PAUSE_MS
    return true
  }

  return {
    requestDone(done) {
      const { body, endpoint } = done.request
      if (endpoint === 'count-tokens' || body.length < LEAST_BYTES || body.length > MOST_BYTES_HERE) return
      const answered = answeredBy(done)
      if (answered === undefined || !isDue(answered.target)) return
      // The client has its answer; the next request may have its turn first.
      setImmediate(() => void learn(answered.target, body, answered.usage))
    },
  }
}

function answeredBy({
  state,
  candidates,
  attempts,
}: DoneRequest): { readonly target: Counted; readonly usage: JsonObject } | undefined {
  const last = state.attempts.at(-1)
  if (last?.outcome !== 'succeeded') return undefined
  const candidate = candidates.find(({ id }) => id === last.candidate)
  const usage = attempts.get(last.attempt)?.usage()
  if (candidate === undefined || usage === undefined) return undefined
  return { target: { provider: candidate.provider, model: candidate.model }, usage }
}

/** Whether the vendor may have taken something out of the prompt. Claude Code always asks for an edit that takes out nothing. */
function wasPerhapsEdited(request: Json): boolean {
  const edits = member(member(request, 'context_management'), 'edits')
  if (!Array.isArray(edits)) return isJsonObject(member(request, 'context_management'))
  return edits.some((edit) => !isHarmless(edit))
}

function isHarmless(edit: Json): boolean {
  return stringMember(edit, 'type')?.startsWith('clear_thinking') === true && stringMember(edit, 'keep') === 'all'
}
