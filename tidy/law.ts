import { type Principle, principles } from './principles.ts'
import type { Repository } from './repository.ts'

/** One rule of this repository, as data: what it guards, what to do instead, and how to find who breaks it. */
export interface Law {
  /** Kebab-case; exemptions and test names use it. */
  readonly name: string
  /** One sentence: what holds when nobody breaks it. */
  readonly says: string
  readonly principle: Principle
  /** What to do instead. */
  readonly wayOut: string
  readonly check: (repository: Repository) => readonly Violation[]
  /** Nobody is exempted from it. */
  readonly absolute?: boolean
}

/** One place that breaks a law. */
export interface Violation {
  readonly path: string
  /** Counted from 1. Absent when the whole file is meant. */
  readonly line?: number
  /** What stands there, in a few words. */
  readonly found: string
  /** For a budget: how much there is. An exemption may allow more than the law, up to a limit of its own. */
  readonly size?: number
  /** Overrides the law's way out where this place has a better one. */
  readonly wayOut?: string
}

/** A place that may break a law for a while. */
export interface Exemption {
  readonly law: string
  readonly path: string
  /** For a budget: what is allowed here instead. */
  readonly limit?: number
  readonly because: string
  /** `YYYY-MM-DD`: from that day on the law holds here again. */
  readonly until: string
}

/** The message of a broken law: the principle, each place, the way out. Empty when nothing breaks it. */
export function report(law: Law, violations: readonly Violation[]): string {
  if (violations.length === 0) return ''
  const places = violations.map(({ path, line, found, wayOut }) => {
    const place = line === undefined ? path : `${path}:${line}`
    return `  ${place}  ${found}${wayOut === undefined ? '' : `\n      → ${wayOut}`}`
  })
  return [
    `${law.says}`,
    `Principle ${law.principle}, ${principles[law.principle]} (docs/house-style.md).`,
    ...places,
    `Way out: ${law.wayOut}`,
    '',
  ].join('\n')
}

/** The violations that no exemption covers. */
export function unforgiven(law: Law, found: readonly Violation[], exemptions: readonly Exemption[]): Violation[] {
  if (law.absolute === true) return [...found]
  return found.filter((violation) => !exemptions.some((exemption) => covers(exemption, law, violation)))
}

/** What is wrong with the exemptions themselves: they end by date, and they end when nobody needs them. */
export function staleExemptions(
  laws: readonly Law[],
  exemptions: readonly Exemption[],
  repository: Repository,
): string[] {
  return exemptions.flatMap((exemption) => {
    const name = `the exemption of ${exemption.path} from ${exemption.law}`
    const law = laws.find((candidate) => candidate.name === exemption.law)
    if (law === undefined) return [`${name} names no law`]
    if (law.absolute === true) return [`${name} is refused: nobody is exempted from it`]
    if (exemption.until <= repository.today) return [`${name} ended on ${exemption.until}`]
    const isNeeded = law.check(repository).some((violation) => covers(exemption, law, violation))
    return isNeeded ? [] : [`${name} is not needed any more, or its limit is passed: take it out`]
  })
}

function covers(exemption: Exemption, law: Law, violation: Violation): boolean {
  if (exemption.law !== law.name || exemption.path !== violation.path) return false
  return exemption.limit === undefined || (violation.size !== undefined && violation.size <= exemption.limit)
}
