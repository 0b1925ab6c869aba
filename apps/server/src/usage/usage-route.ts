import type { House } from '../state/house.ts'
import { readUsageWish } from './usage-query.ts'
import { usageCsv, usageJson } from './usage-report.ts'

/** An answer to `GET /usage`. */
export interface UsageAnswer {
  readonly status: 200 | 400 | 503
  readonly contentType: string
  readonly body: string
}

/** Answers `GET /usage`: who used what, in JSON or CSV. For whoever may manage lb. */
export async function answerUsage(
  { usage, clock, current }: Pick<House, 'usage' | 'clock' | 'current'>,
  { searchParams }: URL,
  accept: string,
): Promise<UsageAnswer> {
  const wish = readUsageWish(searchParams, accept, clock.epochMs())
  if (!wish.ok) return problem(400, 'invalid_request_error', `${wish.error.parameter}: ${wish.error.message}`)
  if (!current().config.settings.usage.enabled)
    return problem(503, 'api_error', 'No usage is kept: settings.usage.enabled is false.')
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
