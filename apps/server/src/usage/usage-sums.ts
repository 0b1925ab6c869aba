import type { UsageDatabase } from './usage-database.ts'
import { type Dimension, dimensions, type Filter, filters, type UsageQuery } from './usage-query.ts'
import { kindNumbers } from './usage-row.ts'

/** Tokens and what they cost, summed up. */
export interface Sum {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite5m: number
  readonly cacheWrite1h: number
  readonly output: number
  readonly thinking: number
  readonly webSearches: number
  readonly nanoUsd: number
  /** Requests, or what else is one entry. */
  readonly entries: number
  /** Of these, how many did not end well. */
  readonly failed: number
  /** Of these, how many have tokens but no price. */
  readonly unpriced: number
  /** Of these, how many hold an estimate. */
  readonly estimated: number
}

/** Usage of one group. */
export interface UsageGroup {
  /** By dimension. `null`: the entries name none. */
  readonly names: Readonly<Partial<Record<Dimension, string | null>>>
  readonly used: Sum
  /** Attempts that failed and are charged. */
  readonly wasted: Sum
  /** Requests that others' calls answered. */
  readonly saved: Sum
}

/** What was asked for, group by group. */
export interface UsageSums {
  readonly groups: readonly UsageGroup[]
  readonly total: UsageGroup
  /** There were more groups than anybody reads; `total` has them all. */
  readonly isCut: boolean
}

/** More groups than this nobody looks at, and they would fill the memory. */
const MOST_GROUPS = 20_000

const columns: Readonly<Record<Dimension, string>> = {
  key: 'source.key',
  provider: 'source.provider',
  model: 'source.model',
  session: 'session.name',
  request: 'entry.request',
  day: "strftime('%Y-%m-%d', entry.at_ms / 1000, 'unixepoch')",
  hour: "strftime('%Y-%m-%dT%H:00Z', entry.at_ms / 1000, 'unixepoch')",
}

/** An entry of which the tokens are known but not their price. */
const UNPRICED = 'nano_usd IS NULL AND input + cache_read + cache_write_5m + cache_write_1h + output > 0'

const sums = `
  SUM(input) AS input, SUM(cache_read) AS cacheRead, SUM(cache_write_5m) AS cacheWrite5m,
  SUM(cache_write_1h) AS cacheWrite1h, SUM(output) AS output, SUM(thinking) AS thinking,
  SUM(web_searches) AS webSearches, SUM(COALESCE(nano_usd, 0)) AS nanoUsd,
  SUM(kind <> ${kindNumbers.part}) AS entries, SUM(failed) AS failed, SUM(${UNPRICED}) AS unpriced, SUM(estimated) AS estimated`

/** What a group's rows are about: what was used, wasted or saved. */
const classOf = `CASE kind WHEN ${kindNumbers.waste} THEN 'wasted' WHEN ${kindNumbers.saved} THEN 'saved' ELSE 'used' END`

/** Adds the books up. */
export function sumUsage(database: UsageDatabase, query: UsageQuery): UsageSums {
  const groups = read(database, query, query.by)
  if (groups.length <= MOST_GROUPS) return { groups, total: totalOf(groups), isCut: false }
  return { groups: groups.slice(0, MOST_GROUPS), total: totalOf(read(database, query, [])), isCut: true }
}

/** What each key spent in each hour. `hour`: its beginning. */
export interface Spent {
  readonly key: string
  readonly hourMs: number
  readonly nanoUsd: number
}

/** @param beforeMs from here on the caller knows by itself. */
export function spentByHour(database: UsageDatabase, sinceMs: number, beforeMs: number): readonly Spent[] {
  const rows = database.all(
    `SELECT source.key AS key, entry.at_ms / ${HOUR_MS} * ${HOUR_MS} AS hourMs, SUM(nano_usd) AS nanoUsd
     FROM entry JOIN source ON source.id = entry.source
     WHERE at_ms >= ? AND at_ms < ? AND kind <> ${kindNumbers.saved} AND nano_usd > 0 GROUP BY 1, 2`,
    [sinceMs, beforeMs],
  )
  return rows.map(({ key, hourMs, nanoUsd }) => ({
    key: String(key),
    hourMs: Number(hourMs),
    nanoUsd: Number(nanoUsd),
  }))
}

export const HOUR_MS = 3_600_000

function read(database: UsageDatabase, { sinceMs, untilMs, only }: UsageQuery, by: readonly Dimension[]): UsageGroup[] {
  const picked = filters.filter((name) => only[name] !== undefined)
  const where = ['at_ms >= ?', 'at_ms < ?', ...picked.map((name) => `${columns[name]} = ?`)].join(' AND ')
  const names = by.map((name) => `${columns[name]} AS "${name}", `).join('')
  const groupBy = [...by.map((_, index) => index + 1), by.length + 1].join(', ')
  const rows = database.all(
    `SELECT ${names}${classOf} AS class, ${sums}
     FROM entry JOIN source ON source.id = entry.source LEFT JOIN session ON session.id = entry.session
     WHERE ${where} GROUP BY ${groupBy} LIMIT ${MOST_GROUPS * 4}`,
    [sinceMs, untilMs, ...picked.map((name: Filter) => only[name] ?? '')],
  )
  const groups = new Map<string, Filling>()
  for (const row of rows) {
    const key = JSON.stringify(by.map((name) => row[name] ?? null))
    const group = groups.get(key) ?? emptyGroup(Object.fromEntries(by.map((name) => [name, textOf(row[name])])))
    groups.set(key, group)
    group[row['class'] as 'used' | 'wasted' | 'saved'] = sumOfRow(row)
  }
  return [...groups.values()].sort(byTimeThenCost)
}

/** In the order of time where the groups have one; else the dearest first. */
function byTimeThenCost(a: UsageGroup, b: UsageGroup): number {
  for (const name of dimensions.slice(-2)) {
    const [one, other] = [a.names[name] ?? '', b.names[name] ?? '']
    if (one !== other) return one < other ? -1 : 1
  }
  return b.used.nanoUsd - a.used.nanoUsd || b.used.input - a.used.input || b.used.entries - a.used.entries
}

function totalOf(groups: readonly UsageGroup[]): UsageGroup {
  const add = (one: Sum, other: Sum): Sum => mapSum((name) => one[name] + other[name])
  return groups.reduce<UsageGroup>(
    (total, { used, wasted, saved }) => ({
      names: {},
      used: add(total.used, used),
      wasted: add(total.wasted, wasted),
      saved: add(total.saved, saved),
    }),
    emptyGroup({}),
  )
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value)
}

function sumOfRow(row: Readonly<Record<string, unknown>>): Sum {
  return mapSum((name) => Number(row[name]))
}

function mapSum(value: (name: keyof Sum) => number): Sum {
  return {
    input: value('input'),
    cacheRead: value('cacheRead'),
    cacheWrite5m: value('cacheWrite5m'),
    cacheWrite1h: value('cacheWrite1h'),
    output: value('output'),
    thinking: value('thinking'),
    webSearches: value('webSearches'),
    nanoUsd: value('nanoUsd'),
    entries: value('entries'),
    failed: value('failed'),
    unpriced: value('unpriced'),
    estimated: value('estimated'),
  }
}

const emptySum: Sum = mapSum(() => 0)

/** A group while it is put together. */
type Filling = { -readonly [Name in keyof UsageGroup]: UsageGroup[Name] }

function emptyGroup(names: UsageGroup['names']): Filling {
  return { names, used: emptySum, wasted: emptySum, saved: emptySum }
}
