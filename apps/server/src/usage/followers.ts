import { recentMap } from '../state/recent-map.ts'
import type { Account, UsageEntry } from './usage-entry.ts'

/** Brings those who got another's answer together with what that answer used, whichever is known first. */
export interface Followers {
  /** Somebody gets the answer of the request `leader`. */
  joined(account: Account, leader: string): void
  /** The request `leader` is over. */
  answered(leader: string, entries: readonly UsageEntry[]): void
}

/** Answers linger for seconds after their end; more than this do not end in that time. */
const MOST_ANSWERS = 1_000
const MOST_WAITING = 10_000

/** @param saved told for each follower, once. */
export function createFollowers(saved: (entries: readonly UsageEntry[], account: Account) => void): Followers {
  const answers = recentMap<readonly UsageEntry[]>(MOST_ANSWERS)
  const waiting = recentMap<Account[]>(MOST_WAITING)

  return {
    joined(account, leader) {
      const entries = answers.get(leader)
      if (entries !== undefined) return saved(entries, account)
      const others = waiting.get(leader)
      if (others === undefined) waiting.set(leader, [account])
      else others.push(account)
    },
    answered(leader, entries) {
      answers.set(leader, entries)
      for (const account of waiting.get(leader) ?? []) saved(entries, account)
      waiting.delete(leader)
    },
  }
}
