import type { ServerResponse } from 'node:http'
import { clientOutlet, type Outlet } from '../egress/outlet.ts'
import type { ClientRequest } from '../ingress/client-request.ts'

/** The upstream call of a flight, as whoever makes it is told about its readers. */
export interface Lead {
  /** Slow readers have caught up: read on. */
  drained(): void
  /** Somebody else waits for the answer, too. */
  joined(request: ClientRequest): void
  /** Nobody wants the answer any more. */
  cancel(): void
  /**
   * Whether the call goes on without readers, by whom it asks just now: a provider with `streaming_mode: background` finishes its
   * answer. While nobody is being asked there is nothing to finish.
   */
  life(): 'direct' | 'background'
}

/** Makes the call: answers `request` into `outlet`. */
export type StartLead = (request: ClientRequest, outlet: Outlet) => Lead

/** A request that may not share: its answer goes straight to its client. */
export function serveAlone(request: ClientRequest, response: ServerResponse, start: StartLead): void {
  let lead: Lead | undefined
  const outlet = clientOutlet(response, { drained: () => lead?.drained(), gone: () => lead?.cancel() })
  lead = start(request, outlet)
}
