import type { Usage } from './usage.ts'
import { readUsageWish } from './usage-query.ts'
import { usageCsv, usageJson } from './usage-report.ts'

/** An answer to `GET /usage`. */
export interface UsageAnswer {
  readonly status: 200 | 400 | 503
  readonly contentType: string
  readonly body: string
}

export interface UsageAsked {
  readonly parameters: URLSearchParams
  /** The header of that name. */
  readonly accept: string
  /** Wall clock. */
  readonly nowMs: number
  /** Whether books are kept at all. */
  readonly isEnabled: boolean
}

/** Answers `GET /usage`: who used what, in JSON or CSV. For whoever may manage lb. */
export async function answerUsage(usage: Usage, { parameters, accept, nowMs, isEnabled }: UsageAsked): Promise<UsageAnswer> {
  const wish = readUsageWish(parameters, accept, nowMs)
  if (!wish.ok) return problem(400, 'invalid_request_error', `${wish.error.parameter}: ${wish.error.message}`)
  if (!isEnabled) return problem(503, 'api_error', 'No usage is kept: settings.usage.enabled is false.')
  const { query, format } = wish.value
  try {
    const reply = await usage.sum(query)
    return format === 'csv'
      ? { status: 200, contentType: 'text/csv; charset=utf-8; header=present', body: usageCsv(query, reply) }
      : { status: 200, contentType: 'application/json', body: JSON.stringify(usageJson(query, reply)) }
  } catch (error) {
    return problem(503, 'api_error', `The books of usage cannot be read: ${(error as Error).message}`)
  }
}

function problem(status: 400 | 503, type: string, message: string): UsageAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify({ type: 'error', error: { type, message } }) }
}
