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
  const answers = new Map<string, readonly UsageEntry[]>()
  const waiting = new Map<string, Account[]>()

  function remember<Value>(map: Map<string, Value>, most: number, key: string, value: Value): void {
    const oldest = map.size >= most ? map.keys().next().value : undefined
    if (oldest !== undefined) map.delete(oldest)
    map.set(key, value)
  }

  return {
    joined(account, leader) {
      const entries = answers.get(leader)
      if (entries !== undefined) return saved(entries, account)
      const others = waiting.get(leader)
      if (others === undefined) remember(waiting, MOST_WAITING, leader, [account])
      else others.push(account)
    },
    answered(leader, entries) {
      remember(answers, MOST_ANSWERS, leader, entries)
      for (const account of waiting.get(leader) ?? []) saved(entries, account)
      waiting.delete(leader)
    },
  }
}
