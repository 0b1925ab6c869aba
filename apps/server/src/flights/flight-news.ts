import type { Clock } from '../clock.ts'
import type { RequestObserver } from '../telemetry/observer.ts'
import type { Consumer } from './consumer.ts'
import type { Flight } from './flight.ts'

/** Who is told of flights. */
export type FlightObserver = Pick<
  Required<RequestObserver>,
  | 'flightOpened'
  | 'requestAlone'
  | 'leaderLeft'
  | 'followerJoined'
  | 'followerParted'
  | 'followerDone'
  | 'answerReplayed'
>

/** What there is to tell of those who read a flight. Whoever made the call is told about by the call itself. */
export class FlightNews {
  readonly #observer: FlightObserver
  readonly #clock: Clock

  constructor(observer: FlightObserver, clock: Clock) {
    this.#observer = observer
    this.#clock = clock
  }

  joined({ request }: Consumer, flight: Flight): void {
    const how = flight.ending === undefined ? 'joined' : 'replayed'
    this.#observer.followerJoined({ request, leader: flight.leader, how })
  }

  /** It goes on with a call of its own. */
  parted({ request }: Consumer, flight: Flight | undefined): void {
    if (flight !== undefined) this.#observer.followerParted({ request, leader: flight.leader })
  }

  /** Its call goes on without it: for those who read along, or for its retry. */
  left({ request, role }: Consumer, flight: Flight | undefined): void {
    if (role === 'leader' && flight !== undefined && flight.ending === undefined) this.#observer.leaderLeft(request)
  }

  done(consumer: Consumer, flight: Flight | undefined, how: 'served' | 'left' | 'dropped'): void {
    const { request, role, bytes, firstByteAtMs } = consumer
    if (role === 'leader' || flight === undefined) return
    const ending = how === 'served' ? endingOf(flight) : how === 'left' ? 'left' : 'failed'
    const nowMs = this.#clock.nowMs()
    this.#observer.followerDone({ request, leader: flight.leader, ending, bytes, firstByteAtMs, nowMs })
  }
}

function endingOf({ ending }: Flight): 'whole' | 'failed' {
  return ending === undefined || ending === 'aborted' ? 'failed' : ending.kind
}
