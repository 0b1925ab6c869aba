import type { AnswerEnding } from '../egress/outlet.ts'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { AnswerCollector } from './answers.ts'
import type { Consumer, FlightHead } from './consumer.ts'
import type { Lead } from './lead.ts'

/** A call under way, or an answer that is still being read. */
export interface Flight {
  /** Who reads it. */
  readonly members: Set<Consumer>
  head?: FlightHead
  lead?: Lead
  /** How the answer ended; `aborted`: by a cut, so that its readers see a cut. */
  ending?: AnswerEnding | 'aborted'
  readonly collector: AnswerCollector | undefined
  /** Whose call it is. */
  readonly leader: ClientRequest
}
