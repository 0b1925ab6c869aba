import type { FlightAction } from '@lb/dedup'
import type { Refusal } from '../ingress/refusal.ts'

/** Why a reader cannot be served by its flight. */
export type DropReason = Extract<FlightAction, { kind: 'drop' }>['reason']

/** What a reader is told that cannot be served to the end. */
export const dropRefusals: Readonly<Record<Exclude<DropReason, 'waited-too-long'>, Refusal>> = {
  lagged: { status: 504, type: 'timeout_error', message: 'The answer was read too slowly to be kept for this client.' },
  stalled: { status: 504, type: 'timeout_error', message: 'The answer was not read to its end in time.' },
}
