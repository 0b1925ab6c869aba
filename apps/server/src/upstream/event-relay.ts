import { createSseCutter, type JsonObject, type Observation } from '@lb/protocol'
import type { StreamReader, StreamStep } from './stream-reader.ts'

/**
 * Relays an event stream without changing a byte. What its events mean is a matter of the dialect: see {@link StreamFacts}.
 *
 * Rules of this file:
 * - Only whole events are given on: an event that a dying upstream cut cannot be taken back from the client.
 * - Nothing is judged by the text of the answer, and unknown events pass.
 */
export function createEventRelay(facts: StreamFacts, maxEventBytes: number): StreamReader {
  return withWholeLineEnd(relayOf(facts, maxEventBytes))
}

/** Follows a dialect's grammar as far as the attempt loop needs it. */
export interface StreamFacts {
  /** What the event in `bytes[start, end)` tells. The usual event should cost next to nothing here. */
  of(bytes: Buffer, start: number, end: number): Fact
  /** Whether these bytes are an event of the dialect, and not the beginning of one. */
  isWhole(event: Buffer): boolean
  failed(observation: Observation): Failed
  /** The stream ended without its end. */
  end(): Failed
  /** See {@link StreamReader.replaceOpening}. */
  replaceOpening(): void
  usage(): JsonObject
}

/**
 * The step that an event makes; `content`: it passes, and is the first content; `ping`: it passes, and says nothing but that
 * the upstream is there; `undefined`: it just passes.
 */
export type Fact = StreamStep | 'content' | 'ping' | undefined

export type Failed = Extract<StreamStep, { step: 'failed' }>

function relayOf(facts: StreamFacts, maxEventBytes: number): StreamReader {
  const cutter = createSseCutter()
  let held: Buffer[] = []
  let heldBytes = 0
  let over = false
  let hasEvent = false

  /** Reads the events of `bytes`, which end at `ends`. Neighbours without facts of their own become one step. */
  function readEvents(bytes: Buffer, ends: readonly number[]): StreamStep[] {
    const steps: StreamStep[] = []
    let bodyStart = 0
    let start = 0
    let content = false
    const flush = (to: number): void => {
      if (to > bodyStart) steps.push({ step: 'body', bytes: bytes.subarray(bodyStart, to), content })
      content = false
    }
    for (const end of ends) {
      const fact = facts.of(bytes, start, end)
      hasEvent ||= fact !== 'ping'
      const step = fact === 'content' || fact === 'ping' ? undefined : fact
      content ||= fact === 'content'
      if (step?.step === 'block-completed') steps.push(step)
      else if (step !== undefined) {
        // The closing event belongs to the body; the others stand in the place of the event.
        flush(step.step === 'ended' ? end : start)
        bodyStart = end
        steps.push(step)
        over = step.step === 'ended' || step.step === 'failed'
        if (over) return steps
      }
      start = end
    }
    flush(start)
    return steps
  }

  return {
    push(chunk) {
      hasEvent = false
      if (over) return []
      const ends = cutter.push(chunk)
      const lastEnd = ends.at(-1) ?? 0
      const offset = heldBytes
      let steps: StreamStep[] = []
      if (lastEnd > 0) {
        const bytes = offset === 0 ? chunk : Buffer.concat([...held, chunk])
        held = []
        heldBytes = 0
        steps = readEvents(bytes, offset === 0 ? ends : ends.map((end) => end + offset))
      }
      if (lastEnd < chunk.length) held.push(chunk.subarray(lastEnd))
      heldBytes += chunk.length - lastEnd
      if (heldBytes <= maxEventBytes || over) return steps
      over = true
      return [...steps, facts.failed({ seen: 'bad-response', reason: 'too-large' })]
    },
    end() {
      if (over) return []
      over = true
      // A last event that lacks only its blank line is whole. It counts where the answer is complete with it.
      const rest = Buffer.concat([...held, blankLine])
      const steps = heldBytes > 0 && facts.isWhole(rest) ? readEvents(rest, [rest.length]) : []
      return withEnding(steps, facts)
    },
    heardEvent: () => hasEvent,
    replaceOpening: () => facts.replaceOpening(),
    usage: () => facts.usage(),
  }
}

/** The last steps of a stream whose body is over, with what the facts say about its end. */
function withEnding(steps: readonly StreamStep[], facts: StreamFacts): readonly StreamStep[] {
  const last = steps.at(-1)
  if (last?.step === 'ended' || last?.step === 'failed') return steps
  const ending = facts.end()
  return ending.failure.kind === 'end-missing' ? [...steps, ending] : [ending]
}

const blankLine = Buffer.from('\n\n')

/**
 * The end is told when its line end is whole: a CRLF that the network cuts behind the last event must not lose its LF, or the
 * answer would not be the upstream's, byte for byte.
 */
function withWholeLineEnd(reader: StreamReader): StreamReader {
  let ended: StreamStep | undefined
  return {
    push(chunk) {
      if (ended !== undefined) {
        const last = ended
        ended = undefined
        return chunk[0] === LF ? [{ step: 'body', bytes: chunk.subarray(0, 1), content: false }, last] : [last]
      }
      const steps = reader.push(chunk)
      const last = steps.at(-1)
      const body = steps.at(-2)
      if (last?.step !== 'ended' || body?.step !== 'body' || body.bytes.at(-1) !== CR) return steps
      ended = last
      return steps.slice(0, -1)
    },
    end: () => (ended === undefined ? reader.end() : [ended]),
    heardEvent: () => reader.heardEvent(),
    replaceOpening: () => reader.replaceOpening(),
    usage: () => reader.usage(),
  }
}

const LF = 10
const CR = 13
