/**
 * Which of several signed-in accounts serves a request. Pure choice: who is usable, how full and how much used each account
 * is, the caller says.
 */
export interface AccountView {
  /** What the choice is reported as. */
  readonly key: string
  /** Lower case. */
  readonly email: string
  /** Whether a request may be sent with it now. */
  readonly usable: boolean
  /** Requests served so far. */
  readonly uses: number
  /** The number of the choice that took it last, counted over all accounts; 0 when none did. */
  readonly lastTurn: number
  /** The part of its allowance that is left, 0…1. */
  readonly headroom: number
  /** Until when the vendor rejects it for this model, on the monotonic clock. */
  readonly rejectedUntilMs?: number
}

/** How a new conversation gets its account. */
export type AccountStrategy =
  | 'round-robin' // one after the other
  | 'least-used' // the one with the fewest requests
  | 'most-headroom' // the one with the largest part of its allowance left

/** What a request asks for. */
export interface AccountWish {
  /** Only this account, by e-mail in any case. */
  readonly pinnedEmail?: string
  /** Accounts that this request has tried already, by key. */
  readonly tried: readonly string[]
  /** The account that this conversation used before, by key (see affinity.ts). */
  readonly bound?: string
}

/** The choice, or why there is none. */
export type AccountChoice =
  | {
      readonly kind: 'chosen'
      readonly key: string
      readonly by: 'pin' | 'affinity' | 'strategy'
      /** Set when even this best one is being rejected by the vendor until then. */
      readonly rejectedUntilMs?: number
    }
  /** Nobody is signed in, or not under the pinned e-mail. */
  | { readonly kind: 'no-account' }
  /** The accounts there are have been tried by this request. */
  | { readonly kind: 'all-tried' }
  /** There are accounts to try, and none can be used now. */
  | { readonly kind: 'none-usable'; readonly keys: readonly string[] }

/** Each choice counts as this much of an allowance until the next response says more, so that a burst does not all go to one. */
const RESERVED_PER_TURN = 0.002

type Order = (a: AccountView, b: AccountView) => number

/** Smaller is better. Ties go to the account that has waited longest. */
const ORDERS: Readonly<Record<AccountStrategy, Order>> = {
  'round-robin': (a, b) => a.lastTurn - b.lastTurn,
  'least-used': (a, b) => a.uses - b.uses || a.lastTurn - b.lastTurn,
  'most-headroom': (a, b) => b.headroom - a.headroom || a.lastTurn - b.lastTurn,
}

/**
 * Chooses an account.
 *
 * A pin is a demand: no other account is ever taken in its place. Affinity is a preference: it gives way when its account
 * cannot be used, or is being rejected while another is not. An account that is being rejected is the last choice, the one
 * with the soonest reset first, and never refused outright: whether to wait is the caller's decision.
 */
export function chooseAccount(
  accounts: readonly AccountView[],
  wish: AccountWish,
  strategy: AccountStrategy,
): AccountChoice {
  const email = wish.pinnedEmail?.toLowerCase()
  const asked = email === undefined ? accounts : accounts.filter((account) => account.email === email)
  if (asked.length === 0) return { kind: 'no-account' }
  const untried = asked.filter((account) => !wish.tried.includes(account.key))
  if (untried.length === 0) return { kind: 'all-tried' }
  const usable = untried.filter((account) => account.usable)
  const open = usable.filter((account) => account.rejectedUntilMs === undefined)
  const bound = open.find((account) => account.key === wish.bound)
  const best = bound ?? least(open, ORDERS[strategy]) ?? least(usable, bySoonestReset)
  if (best === undefined) return { kind: 'none-usable', keys: untried.map((account) => account.key) }
  const by = email !== undefined ? 'pin' : bound !== undefined ? 'affinity' : 'strategy'
  return {
    kind: 'chosen',
    key: best.key,
    by,
    ...(best.rejectedUntilMs === undefined ? {} : { rejectedUntilMs: best.rejectedUntilMs }),
  }
}

/** The headroom that is left when requests were sent since the vendor last spoke of it. */
export function reservedHeadroom(headroom: number, turnsSince: number): number {
  return Math.max(0, headroom - turnsSince * RESERVED_PER_TURN)
}

const bySoonestReset: Order = (a, b) => (a.rejectedUntilMs ?? 0) - (b.rejectedUntilMs ?? 0) || a.lastTurn - b.lastTurn

function least(accounts: readonly AccountView[], order: Order): AccountView | undefined {
  return [...accounts].sort(order)[0]
}
