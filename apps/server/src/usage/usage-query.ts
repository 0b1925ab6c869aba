import { err, ok, type Result } from '@lb/protocol'

/** By what usage may be broken down. `day` and `hour` are UTC's. */
export const dimensions = ['key', 'provider', 'model', 'session', 'request', 'day', 'hour'] as const

export type Dimension = (typeof dimensions)[number]

/** A question to the books. */
export interface UsageQuery {
  readonly by: readonly Dimension[]
  /** Epoch milliseconds; from this moment on. */
  readonly sinceMs: number
  /** Up to, but without, this moment. */
  readonly untilMs: number
  /** Only entries with exactly these names. */
  readonly only: Readonly<Partial<Record<Filter, string>>>
}

/** By what entries may be picked. */
export const filters = ['key', 'provider', 'model', 'session', 'request'] as const

export type Filter = (typeof filters)[number]

export type UsageFormat = 'json' | 'csv'

/** What a request for usage asks for. */
export interface UsageWish {
  readonly query: UsageQuery
  readonly format: UsageFormat
}

/** A parameter that cannot be used, in words for whoever wrote it. */
export interface BadParameter {
  readonly parameter: string
  readonly message: string
}

const DAY_MS = 86_400_000

/** How far back is looked where nothing is said. */
const DEFAULT_DAYS = 30

const parameters = ['by', 'since', 'until', 'format', ...filters]

/**
 * Reads the parameters of `GET /usage`.
 *
 * @param accept the header of that name: CSV where it asks for that before JSON, unless `format` says something.
 */
export function readUsageWish(given: URLSearchParams, accept: string, nowMs: number): Result<UsageWish, BadParameter> {
  for (const name of new Set(given.keys())) {
    if (!parameters.includes(name)) return bad(name, `there is no such parameter. There are: ${parameters.join(', ')}`)
    if (given.getAll(name).length > 1) return bad(name, 'is given twice')
  }
  const by = readBy(given.get('by') ?? '')
  if (!by.ok) return by
  const until = readMoment('until', given.get('until'), nowMs, nowMs + 1)
  if (!until.ok) return until
  const since = readMoment('since', given.get('since'), nowMs, until.value - DEFAULT_DAYS * DAY_MS)
  if (!since.ok) return since
  if (since.value >= until.value) return bad('since', 'must be before until')
  const format = readFormat(given.get('format'), accept)
  if (!format.ok) return format
  const only = Object.fromEntries(filters.flatMap((name) => (given.has(name) ? [[name, given.get(name)]] : [])))
  return ok({ query: { by: by.value, sinceMs: since.value, untilMs: until.value, only }, format: format.value })
}

function readBy(text: string): Result<readonly Dimension[], BadParameter> {
  const found: Dimension[] = []
  for (const word of text === '' ? [] : text.split(',').map((part) => part.trim())) {
    const dimension = dimensions.find((name) => name === word)
    if (dimension === undefined) return bad('by', `"${word}" is none of ${dimensions.join(', ')}`)
    if (found.includes(dimension)) return bad('by', `"${word}" is there twice`)
    found.push(dimension)
  }
  return ok(found)
}

const MOMENT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?)?$/
const AGO = /^(\d{1,5})([mhdw])$/
const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS }

/** A date, a time (UTC where it names no zone), or how long ago. */
function readMoment(
  parameter: string,
  text: string | null,
  nowMs: number,
  absent: number,
): Result<number, BadParameter> {
  if (text === null) return ok(absent)
  const ago = AGO.exec(text)
  if (ago !== null) return ok(nowMs - Number(ago[1]) * (unitsMs[ago[2] ?? ''] ?? 0))
  // A plus sign in a query means a space.
  const written = text.trim().replace(' ', '+')
  const ms = isMoment(written)
    ? Date.parse(/T.*(?:Z|[+-]\d{2}:\d{2})$/.test(written) ? written : utc(written))
    : Number.NaN
  if (Number.isNaN(ms))
    return bad(parameter, `"${text}" is no date (2026-11-23), time (2026-11-23T08:00Z) or age (24h, 7d)`)
  return ok(ms)
}

/** A 30th of February is none, though `Date.parse` takes it for the second of March. */
function isMoment(written: string): boolean {
  if (!MOMENT.test(written)) return false
  const date = written.slice(0, 10)
  const midnightMs = Date.parse(`${date}T00:00Z`)
  return !Number.isNaN(midnightMs) && new Date(midnightMs).toISOString().startsWith(date)
}

function utc(written: string): string {
  return written.includes('T') ? `${written}Z` : `${written}T00:00Z`
}

function readFormat(text: string | null, accept: string): Result<UsageFormat, BadParameter> {
  if (text === 'json' || text === 'csv') return ok(text)
  if (text !== null) return bad('format', `"${text}" is none of json, csv`)
  const csv = accept.indexOf('text/csv')
  const json = accept.search(/application\/json|\*\/\*/)
  return ok(csv !== -1 && (json === -1 || csv < json) ? 'csv' : 'json')
}

function bad(parameter: string, message: string): Result<never, BadParameter> {
  return err({ parameter, message })
}
