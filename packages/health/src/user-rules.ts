import type { Failure, FailureKind } from '@lb/protocol'

/** What the user calls unhealthy beyond the failure table. */
export interface UserRuleSettings {
  /** `unhealthy_http_codes`. */
  readonly httpCodes: readonly number[]
  /** `unhealthy_exception_patterns`: texts, without regard to case. */
  readonly exceptionPatterns: readonly string[]
  /** `unhealthy_response_body_patterns`: regular expressions, without regard to case. */
  readonly bodyPatterns: readonly string[]
}

/** The same, ready for use. */
export interface UserRules {
  readonly codes: ReadonlySet<number>
  readonly matchers: readonly Matcher[]
}

/** Whether a text, in lower case, contains what a pattern says. */
export type Matcher = (lower: string) => boolean

/** Rules, and the patterns that are no regular expressions, or too large ones, and are taken as plain text instead. */
export interface CompiledRules {
  readonly rules: UserRules
  readonly invalid: readonly string[]
}

/** Nothing beyond the table. */
export const noUserRules: UserRules = { codes: new Set(), matchers: [] }

/** Error texts are short; what is longer is a page or a dump. */
const TEXT_MAX = 4096

/** Linear time is text times program: `[^x]{0,1000}` three times over would take a second for one error. */
const PROGRAM_MAX = 1000

/**
 * Compiles the user's rules. Regular expressions run in RE2, in linear time: one of the predecessor's own default
 * patterns keeps V8 busy for 36 s on 50 KB. The engine is loaded only if a pattern needs it, hence the promise.
 *
 * @see https://github.com/le0pard/re2js
 */
export async function compileUserRules(settings: UserRuleSettings): Promise<CompiledRules> {
  const invalid: string[] = []
  const matchers = settings.exceptionPatterns.map(containing)
  const expressions = settings.bodyPatterns.filter((pattern) => !isPlain(pattern))
  const plain = settings.bodyPatterns.filter(isPlain)
  matchers.push(...plain.map(containing))
  if (expressions.length > 0) {
    const { RE2JS } = await import('re2js')
    for (const pattern of expressions) {
      try {
        const compiled = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE)
        if (compiled.programSize() > PROGRAM_MAX) throw new RangeError('counts too far')
        matchers.push((lower) => compiled.matcher(lower).find())
      } catch {
        invalid.push(pattern)
        matchers.push(containing(pattern))
      }
    }
  }
  return { rules: { codes: new Set(settings.httpCodes), matchers }, invalid }
}

/**
 * The failure as the user wants it judged. A rule can only make something count that otherwise would not: what the table
 * bars already, it bars better. What is the request's own fault (400, 413, 422) counts only if its code is listed.
 *
 * @param errorText the text of a structured error, as the upstream sent it. Never the text of an answer: a model that
 *   writes about rate limits must not make its provider look broken.
 */
export function adjustFailure(failure: Failure, errorText: string | undefined, rules: UserRules): Failure {
  if (!adjustable.has(failure.kind)) return failure
  if (failure.status !== undefined && rules.codes.has(failure.status)) return listed(failure, 'unhealthy_http_codes')
  if (rules.matchers.length === 0 || requestFaults.has(failure.status ?? 0)) return failure
  const lower = `${failure.message}\n${errorText ?? ''}`.slice(0, TEXT_MAX).toLowerCase()
  return rules.matchers.some((matches) => matches(lower)) ? listed(failure, 'a pattern') : failure
}

/** Failures that a user's rule may make count. Not: what the client's own credential, or a content policy, is refused. */
const adjustable: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'invalid-request',
  'signature-rejected',
  'context-too-long',
  'request-too-large',
  'request-conflict',
])

/** Statuses that blame the request. Their error texts quote it, so a pattern would let one client eject a provider. */
const requestFaults: ReadonlySet<number> = new Set([400, 413, 422])

function listed(failure: Failure, by: string): Failure {
  return { ...failure, kind: 'listed-unhealthy', message: `${failure.message} (listed in ${by})` }
}

function containing(pattern: string): Matcher {
  const lower = pattern.toLowerCase()
  return (text) => text.includes(lower)
}

function isPlain(pattern: string): boolean {
  return !/[\\^$.|?*+()[\]{}]/.test(pattern)
}
