import type { Json } from '@lb/protocol'
import { MAX_LEVELS, nestingProblem } from '../nesting.ts'
import type { Notes } from '../notes.ts'
import type { StreamConverter, StreamReport } from './report.ts'

/** A conversion behind its door: it is asked for nothing once it has ended, and gets nothing that cannot be walked. */
interface Machine<Event> {
  readonly notes: Notes
  push(event: Json): void
  /** The end mark. */
  mark(): void
  fail(error: Json): void
  /** The end of the connection. */
  close(): void
  isEnded(): boolean
  /** The events since the last time. */
  take(): readonly Event[]
  report(): StreamReport
}

/** The door of a conversion. Events behind the end are a loss; one that nests too deeply is a failure of the upstream. */
export function behindDoor<Event>(machine: Machine<Event>): StreamConverter<Event> {
  function hand(json: Json, over: (json: Json) => void): readonly Event[] {
    if (machine.isEnded()) {
      machine.notes.loss('data_after_end', '')
      return []
    }
    if (nestingProblem(json) === undefined) over(json)
    else machine.fail({ message: `upstream sent JSON that nests deeper than ${MAX_LEVELS} levels` })
    return machine.take()
  }

  function conclude(end: () => void): readonly Event[] {
    if (machine.isEnded()) return []
    end()
    return machine.take()
  }

  return {
    push: (event) => hand(event, machine.push),
    done: () => conclude(machine.mark),
    fail: (error) => hand(error, machine.fail),
    end: () => conclude(machine.close),
    report: machine.report,
  }
}
