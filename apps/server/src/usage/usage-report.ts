import { NANO_USD } from './rates.ts'
import type { UsageReply } from './usage.ts'
import type { UsageQuery } from './usage-query.ts'
import type { Sum, UsageGroup } from './usage-sums.ts'

/** Usage as `GET /usage` answers it in JSON. */
export function usageJson(query: UsageQuery, { groups, total, isCut, pending }: UsageReply): object {
  return {
    since: new Date(query.sinceMs).toISOString(),
    until: new Date(query.untilMs).toISOString(),
    by: query.by,
    currency: 'USD',
    groups: groups.map((group) => ({ ...group.names, ...sumsOf(group) })),
    total: sumsOf(total),
    /** There are more groups; the total has them all. */
    truncated: isCut,
    /** Entries that wait for the disk, and are in no sum. */
    not_yet_written: pending,
  }
}

/** The same as a table: one line for each group, with a head. */
export function usageCsv({ by }: UsageQuery, { groups, total }: UsageReply): string {
  const rows = by.length === 0 ? [total] : groups
  const lines = rows.map((group) => [...by.map((name) => group.names[name] ?? ''), ...Object.values(flat(group))])
  const head = [...by, ...Object.keys(flat(total))]
  return [head, ...lines].map((line) => `${line.map(cell).join(',')}\r\n`).join('')
}

function sumsOf({ used, wasted, saved }: UsageGroup) {
  return {
    requests: used.entries,
    failed_requests: used.failed,
    unpriced_requests: used.unpriced,
    estimated_requests: used.estimated,
    ...tokensOf(used),
    /** Attempts that failed and are charged all the same; not in the numbers above. */
    wasted: { attempts: wasted.entries, ...tokensOf(wasted) },
    /** Requests that were answered by another's call; not in the numbers above. */
    saved: { requests: saved.entries, ...tokensOf(saved) },
  }
}

function tokensOf(sum: Sum) {
  return {
    input_tokens: sum.input,
    cache_read_tokens: sum.cacheRead,
    cache_write_5m_tokens: sum.cacheWrite5m,
    cache_write_1h_tokens: sum.cacheWrite1h,
    output_tokens: sum.output,
    thinking_tokens: sum.thinking,
    web_searches: sum.webSearches,
    cost_usd: sum.nanoUsd / NANO_USD,
  }
}

function flat(group: UsageGroup): Record<string, number> {
  const { wasted, saved, ...used } = sumsOf(group)
  return {
    ...used,
    wasted_attempts: wasted.attempts,
    wasted_cost_usd: wasted.cost_usd,
    saved_requests: saved.requests,
    saved_cost_usd: saved.cost_usd,
  }
}

/** Names of models and sessions are the clients' own: none may become a formula in somebody's spreadsheet. */
function cell(value: string | number): string {
  const text = typeof value === 'number' ? decimal(value) : value.replace(/^[=+\-@\t\r]/, "'$&")
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Never in exponents: a millionth of a dollar is `0.000001`. */
function decimal(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(9).replace(/0+$/, '')
}
