/**
 * Decides when a file that changed may be read: when it has come to rest. Fed with its identity at each look.
 *
 *   told ── another identity ──▶ moving ── the same again ──▶ told
 *                                  │  └─ (absent) the same for a while ──▶ told
 *                                  └─ never the same ──▶ told all the same, after LOOKS_MAX
 */
export interface Settling {
  /** The identity that was told last. */
  readonly told: string | null
  /** What moves: the identity at the last look, for how many looks it has stood still, and looks altogether. */
  readonly moving: { readonly identity: string; readonly still: number; readonly looks: number } | null
}

/** Nothing was told yet: the first identity is news. */
export const unsettled: Settling = { told: null, moving: null }

/** The identity of what is not there. */
export const ABSENT = 'absent'

/** Delete-and-create leaves a gap; what is gone is given this many looks to come back. */
const ABSENT_LOOKS = 5
/** What never comes to rest is taken as it is. */
const LOOKS_MAX = 25

/** The next state; `tell`: the file may be read now. */
export function settle(state: Settling, identity: string): { readonly state: Settling; readonly tell: boolean } {
  if (identity === state.told) return { state: { told: identity, moving: null }, tell: false }
  const { moving } = state
  const still = moving?.identity === identity ? moving.still + 1 : 0
  const looks = (moving?.looks ?? 0) + 1
  const isAtRest = still >= (identity === ABSENT ? ABSENT_LOOKS : 1)
  if (isAtRest || looks >= LOOKS_MAX) return { state: { told: identity, moving: null }, tell: true }
  return { state: { told: state.told, moving: { identity, still, looks } }, tell: false }
}
