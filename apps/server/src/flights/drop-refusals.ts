import type { DropReason } from '@lb/dedup'
import type { Refusal } from '../ingress/refusal.ts'

/** What a reader is told that cannot be served to the end. */
export const dropRefusals: Readonly<Record<Exclude<DropReason, 'waited-too-long'>, Refusal>> = {
  lagged: { status: 504, type: 'timeout_error', message: 'The answer was read too slowly to be kept for this client.' },
  stalled: { status: 504, type: 'timeout_error', message: 'The answer was not read to its end in time.' },
}
