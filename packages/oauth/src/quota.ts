import { retryAfterMs } from '@lb/protocol'

/**
 * How much of its allowance an account has left, as the API's own response headers say. What a vendor calls its headers is
 * data ({@link QuotaRules}); nothing is ever counted or guessed here.
 */
export interface Quota {
  /** One entry for each window that the headers speak of. */
  readonly windows: readonly QuotaWindow[]
  /** Set when the vendor says that it rejects requests for now. */
  readonly rejected?: QuotaRejection
}

/** One allowance, e.g. "five hours" or "requests per minute". */
export interface QuotaWindow {
  /** The vendor's short name, e.g. `5h`. */
  readonly name: string
  /** The used part: 0 nothing, 1 all. May be above 1 where a vendor lets one overdraw. */
  readonly used: number
  /** When it is full again, on the monotonic clock; `null` when the headers do not say. */
  readonly resetsAtMs: number | null
  /** Concerns only models whose name contains this. Absent: all. */
  readonly models?: string
}

/** "Not before then": the account as a whole, or only some models of it. */
export interface QuotaRejection {
  readonly untilMs: number
  readonly models?: string
}

/** Which headers say what. Header names in lower case. */
export interface QuotaRules {
  readonly windows: readonly QuotaWindowRule[]
  /** The header that sums it up, if the vendor has one. */
  readonly status?: {
    readonly header: string
    /** Its value when requests are rejected. */
    readonly rejected: string
    /** When they will be taken again. */
    readonly reset: string
    /** Which window is meant; `models` turns its values into parts of model names. Values that are not listed mean all models. */
    readonly claim?: string
    readonly models?: Readonly<Record<string, string>>
  }
}

/** A window: either the used part is said (0…1), or a limit and what remains of it. */
export interface QuotaWindowRule {
  readonly name: string
  readonly used?: string
  readonly limit?: string
  readonly remaining?: string
  readonly reset: string
  readonly models?: string
}

/**
 * Subscriptions say `unified-*`, API keys say a limit and a remainder for each of four things.
 * @see https://platform.claude.com/docs/en/api/rate-limits
 */
export const anthropicQuota: QuotaRules = {
  windows: [
    ...[
      { name: '5h' },
      { name: '7d' },
      // Overage-included weekly bucket of the largest models.
      { name: '7d_oi', models: 'fable' },
    ].map((window) => ({
      ...window,
      used: `anthropic-ratelimit-unified-${window.name}-utilization`,
      reset: `anthropic-ratelimit-unified-${window.name}-reset`,
    })),
    ...['requests', 'tokens', 'input-tokens', 'output-tokens'].map((name) => ({
      name,
      limit: `anthropic-ratelimit-${name}-limit`,
      remaining: `anthropic-ratelimit-${name}-remaining`,
      reset: `anthropic-ratelimit-${name}-reset`,
    })),
  ],
  status: {
    header: 'anthropic-ratelimit-unified-status',
    rejected: 'rejected',
    reset: 'anthropic-ratelimit-unified-reset',
    claim: 'anthropic-ratelimit-unified-representative-claim',
    models: { seven_day_opus: 'opus', seven_day_sonnet: 'sonnet', seven_day_overage_included: 'fable' },
  },
}

/** Both clocks, at the moment the headers arrived. */
export interface QuotaReading {
  readonly headers: Readonly<Record<string, string>>
  readonly nowMs: number
  readonly epochMs: number
}

/** Reads the quota off response headers; `undefined` when they say nothing about it. */
export function readQuota(rules: QuotaRules, reading: QuotaReading): Quota | undefined {
  const windows = rules.windows.map((rule) => windowOf(rule, reading)).filter((window) => window !== undefined)
  const rejected = rejectionOf(rules, reading)
  if (windows.length === 0 && rejected === undefined) return undefined
  return rejected === undefined ? { windows } : { windows, rejected }
}

/**
 * The part of its allowance that an account has left for a model: 1 everything or nothing known, 0 nothing or overdrawn.
 * The scarcest window decides; one whose reset has come counts as full.
 */
export function headroom(quota: Quota | undefined, model: string, nowMs: number): number {
  const used = (quota?.windows ?? [])
    .filter((window) => concerns(window.models, model) && (window.resetsAtMs === null || nowMs < window.resetsAtMs))
    .map((window) => window.used)
  return Math.min(1, Math.max(0, 1 - Math.max(0, ...used)))
}

/** Until when the vendor rejects an account for a model, on the monotonic clock; `undefined` when it does not. */
export function rejectedUntilMs(quota: Quota | undefined, model: string, nowMs: number): number | undefined {
  const rejected = quota?.rejected
  if (rejected === undefined || nowMs >= rejected.untilMs || !concerns(rejected.models, model)) return undefined
  return rejected.untilMs
}

function concerns(models: string | undefined, model: string): boolean {
  return models === undefined || model.toLowerCase().includes(models)
}

function windowOf(rule: QuotaWindowRule, reading: QuotaReading): QuotaWindow | undefined {
  const used = rule.used === undefined ? shareOf(rule, reading) : numberOf(reading.headers[rule.used])
  if (used === undefined) return undefined
  return {
    name: rule.name,
    used,
    resetsAtMs: momentOf(reading.headers[rule.reset], reading) ?? null,
    ...(rule.models === undefined ? {} : { models: rule.models }),
  }
}

function shareOf(rule: QuotaWindowRule, { headers }: QuotaReading): number | undefined {
  const limit = numberOf(headers[rule.limit ?? ''])
  const remaining = numberOf(headers[rule.remaining ?? ''])
  return limit === undefined || remaining === undefined || limit === 0 ? undefined : Math.max(0, 1 - remaining / limit)
}

function rejectionOf(rules: QuotaRules, reading: QuotaReading): QuotaRejection | undefined {
  const { status } = rules
  if (status === undefined || reading.headers[status.header] !== status.rejected) return undefined
  const untilMs = momentOf(reading.headers[status.reset], reading)
  // Rejected without a date: health's growing pauses deal with that. No reset time is ever invented.
  if (untilMs === undefined) return undefined
  const claim = reading.headers[status.claim ?? '']
  const models = claim !== undefined && Object.hasOwn(status.models ?? {}, claim) ? status.models?.[claim] : undefined
  return models === undefined ? { untilMs } : { untilMs, models }
}

/** A date in a header as a moment of the monotonic clock, read against the response's own `date` so that wrong clocks cancel out. */
function momentOf(text: string | undefined, reading: QuotaReading): number | undefined {
  if (text === undefined) return undefined
  const headers = { 'anthropic-ratelimit-unified-reset': text, date: reading.headers['date'] ?? '' }
  const waitMs = retryAfterMs({ headers, epochMs: reading.epochMs })
  return waitMs === undefined ? undefined : reading.nowMs + waitMs
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}(\.\d{1,15})?$/.test(text.trim()) ? Number(text) : undefined
}
