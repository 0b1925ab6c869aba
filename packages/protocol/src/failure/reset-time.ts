/**
 * When may this credential be used again? Reads what the upstream said about it from the headers of a refusal.
 *
 * Order: `retry-after-ms`, `retry-after` (seconds, a date, or a moment in epoch seconds), `anthropic-ratelimit-unified-reset`
 * (epoch seconds, also seen as ISO), the latest `anthropic-ratelimit-*-reset` whose `-remaining` is 0 (RFC 3339), the
 * latest `x-ratelimit-reset-*` whose `x-ratelimit-remaining-*` is 0, then the limits that have no name: `ratelimit` and
 * `ratelimit-reset` of the IETF's drafts, `x-ratelimit-reset`, `x-rate-limit-reset`. The first that can be read wins. A
 * limit of which something is left was not the reason, and `ratelimit-policy` tells how long a window is, not when it ends.
 *
 * Nothing is ever invented: no header, no time. Dates are read against the response's own `Date` header where there is
 * one, so that a wrong clock on either side cancels out.
 */
export interface ResetHeaders {
  /** Headers by lower-case name. A header that came twice: the values joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** Wall clock now, in epoch milliseconds. */
  readonly epochMs: number
}

/** Longer than any real quota window; what says more is broken. */
const LONGEST_MS = 8 * 24 * 3600 * 1000

const ANTHROPIC_LIMITS = ['requests', 'tokens', 'input-tokens', 'output-tokens']
/** Of limits that have no name, by the prefix of their headers. */
const NAMELESS_LIMITS = ['ratelimit', 'x-ratelimit', 'x-rate-limit']

/**
 * How long from now until the upstream will take requests again.
 *
 * @param retryDelay what the error's body says, in the words of {@link durationMs}: read where no header tells.
 * @returns milliseconds in [0, 8 days], or `undefined` when no header says so. Never earlier than the header says.
 * @see https://platform.claude.com/docs/en/api/rate-limits
 */
export function retryAfterMs(response: ResetHeaders, retryDelay?: string): number | undefined {
  const { headers } = response
  const now = dateMs(headers['date']) ?? response.epochMs
  const until: Until = (epochMs) => (epochMs === undefined ? undefined : Math.max(0, epochMs - now))
  const readings: (() => number | undefined)[] = [
    () => numberOf(headers['retry-after-ms']),
    () => longestPart(headers['retry-after'], until) ?? until(dateMs(headers['retry-after'])),
    () => until(epochSeconds(headers['anthropic-ratelimit-unified-reset'])),
    () => until(latestExhausted(headers)),
    () => longestNamed(headers, until),
    () => longestItem(headers['ratelimit']),
    ...NAMELESS_LIMITS.map(
      (limit) => () => (isExhausted(headers, limit) ? resetMs(headers[`${limit}-reset`], until) : undefined),
    ),
    () => durationMs(retryDelay),
  ]
  for (const read of readings) {
    const ms = read()
    if (ms !== undefined && ms >= 0 && ms <= LONGEST_MS) return Math.ceil(ms)
  }
  return undefined
}

/** From now to a moment in epoch milliseconds; 0 when that is over. */
type Until = (epochMs: number | undefined) => number | undefined

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*\d+(\.\d+)?\s*$/.test(text)) return undefined
  return Number(text)
}

function secondsOf(text: string | undefined): number | undefined {
  const seconds = numberOf(text)
  return seconds === undefined ? undefined : seconds * 1000
}

/** A gateway that adds its own beside the upstream's makes two of one header: the longer holds. */
function longestPart(text: string | undefined, until: Until): number | undefined {
  return longest((text ?? '').split(',').map((part) => until(epochOf(part)) ?? secondsOf(part)))
}

function longest(readings: readonly (number | undefined)[]): number | undefined {
  const read = readings.filter((ms) => ms !== undefined)
  return read.length === 0 ? undefined : Math.max(...read)
}

/** An HTTP-date or RFC 3339 time as epoch milliseconds. Date arithmetic of our own: pure packages have no `Date`. */
function dateMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return rfc3339(text.trim()) ?? httpDate(text.trim())
}

function epochSeconds(text: string | undefined): number | undefined {
  return secondsOf(text) ?? dateMs(text)
}

/** Several limits may be used up at once; the last to come back decides. */
function latestExhausted(headers: Readonly<Record<string, string>>): number | undefined {
  return longest(
    ANTHROPIC_LIMITS.filter((limit) => numberOf(headers[`anthropic-ratelimit-${limit}-remaining`]) === 0).map((limit) =>
      dateMs(headers[`anthropic-ratelimit-${limit}-reset`]),
    ),
  )
}

/**
 * `x-ratelimit-reset-tokens`, `-requests-day`, `-tokens-per-minute` and whatever else a vendor limits.
 *
 * @see https://platform.openai.com/docs/guides/rate-limits
 * @see https://inference-docs.cerebras.ai/support/rate-limits
 * @see https://docs.digitalocean.com/products/inference/reference/quota-specific-response-headers/
 */
function longestNamed(headers: Readonly<Record<string, string>>, until: Until): number | undefined {
  const prefix = 'x-ratelimit-remaining-'
  const limits = Object.keys(headers).filter((name) => name.startsWith(prefix) && numberOf(headers[name]) === 0)
  return longest(limits.map((name) => resetMs(headers[`x-ratelimit-reset-${name.slice(prefix.length)}`], until)))
}

/**
 * `"default";r=0;t=30` of today's draft, one item for each limit, and `limit=9, remaining=0, reset=30` of the one before.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
function longestItem(text: string | undefined): number | undefined {
  // The name of a limit may hold anything.
  const plain = (text ?? '').replace(/"(?:[^"\\]|\\.)*"/g, '')
  const items = /\breset=/.test(plain) ? [plain.replaceAll(',', ';')] : plain.split(',')
  const resets = items.map((item) => {
    const left = /(?:^|;)\s*(?:r|remaining)=([\d.]+)\s*(?:;|$)/.exec(item)?.[1]
    const reset = /(?:^|;)\s*(?:t|reset)=([\d.]+)\s*(?:;|$)/.exec(item)?.[1]
    return numberOf(left) === 0 ? secondsOf(reset) : undefined
  })
  return longest(resets)
}

/** Not, if something is left of it; some do not say what is. */
function isExhausted(headers: Readonly<Record<string, string>>, limit: string): boolean {
  return (numberOf(headers[`${limit}-remaining`]) ?? 0) === 0
}

/** A length of time or a moment; both are written in many ways. */
function resetMs(text: string | undefined, until: Until): number | undefined {
  return until(epochOf(text)) ?? durationMs(text) ?? until(dateMs(text))
}

/** Moments in epoch milliseconds (OpenRouter) and in seconds; the size tells which, and both from a length of time. */
function epochOf(text: string | undefined): number | undefined {
  const value = numberOf(text)
  if (value === undefined || value < 1e9) return undefined
  return value < 1e11 ? value * 1000 : value
}

/** `6m0s`, `1.5s`, `120ms`, `1h2m`, or plain seconds. */
export function durationMs(text: string | undefined): number | undefined {
  const plain = secondsOf(text)
  if (plain !== undefined || text === undefined) return plain
  const match = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/.exec(text.trim())
  if (match === null || text.trim() === '') return undefined
  const [, d = '0', h = '0', m = '0', s = '0', ms = '0'] = match
  return ((Number(d) * 24 + Number(h)) * 60 + Number(m)) * 60_000 + Number(s) * 1000 + Number(ms)
}

/** `2026-11-23T03:36:52Z`, with fraction and offset. */
function rfc3339(text: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/i.exec(text)
  if (match === null) return undefined
  const [, y = '', mo = '', d = '', h = '', mi = '', s = '', fraction = '', zone = 'Z'] = match
  const sign = zone.startsWith('-') ? -1 : 1
  const offsetMin = /^z$/i.test(zone) ? 0 : sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2)))
  const fractionMs = fraction === '' ? 0 : Number(`0${fraction}`) * 1000
  return utcMs(Number(y), Number(mo), Number(d), Number(h), Number(mi) - offsetMin, Number(s)) + fractionMs
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/**
 * `Mon, 23 Nov 2026 03:36:52 GMT`, and the two obsolete forms, which a reader must know: `Monday, 23-Nov-26 03:36:52 GMT`
 * and `Mon Nov 23 03:36:52 2026`. Two digits of a year are read as this century's: what an upstream says is about today.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-date-time-formats
 */
function httpDate(text: string): number | undefined {
  const match =
    /^[a-z]{3}, (?<d>\d\d) (?<month>[a-z]{3}) (?<y>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/i.exec(text) ??
    /^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (?<d>\d\d)-(?<month>[a-z]{3})-(?<y>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/i.exec(
      text,
    ) ??
    /^[a-z]{3} (?<month>[a-z]{3}) (?<d>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<y>\d{4})$/i.exec(text)
  const { d = '', month = '', y = '', time = '' } = match?.groups ?? {}
  const index = MONTHS.indexOf(month.toLowerCase())
  if (index === -1) return undefined
  const [h = '', mi = '', s = ''] = time.split(':')
  const year = y.length === 2 ? 2000 + Number(y) : Number(y)
  return utcMs(year, index + 1, Number(d), Number(h), Number(mi), Number(s))
}

/**
 * Days from the civil calendar, then milliseconds.
 * @see https://howardhinnant.github.io/date_algorithms.html#days_from_civil
 */
function utcMs(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  const days = era * 146_097 + dayOfEra - 719_468
  return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000
}
