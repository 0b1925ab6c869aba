import { expect, test } from 'vitest'
import type { UsageReply } from './usage.ts'
import type { UsageQuery } from './usage-query.ts'
import { usageCsv, usageJson } from './usage-report.ts'
import type { Sum, UsageGroup } from './usage-sums.ts'

const nothing: Sum = {
  input: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
  thinking: 0,
  webSearches: 0,
  nanoUsd: 0,
  entries: 0,
  failed: 0,
  unpriced: 0,
  estimated: 0,
}
const used: Sum = { ...nothing, input: 10, output: 3, nanoUsd: 1_500, entries: 2, failed: 1 }
const group = (names: UsageGroup['names']): UsageGroup => ({
  names,
  used,
  wasted: { ...nothing, entries: 1, nanoUsd: 1e9 },
  saved: { ...nothing, entries: 4, nanoUsd: 2_000_000_000 },
})
const reply = (...groups: UsageGroup[]): UsageReply => ({ groups, total: group({}), isCut: false, pending: 3 })
const query: UsageQuery = { by: ['model'], sinceMs: 0, untilMs: 86_400_000, only: {} }

test('JSON: each group with its names, what was wasted and saved apart, and the total', () => {
  expect(usageJson(query, reply(group({ model: 'claude-x' })))).toMatchObject({
    since: '1970-01-01T00:00:00.000Z',
    until: '1970-01-02T00:00:00.000Z',
    by: ['model'],
    currency: 'USD',
    groups: [
      {
        model: 'claude-x',
        requests: 2,
        failed_requests: 1,
        input_tokens: 10,
        output_tokens: 3,
        cost_usd: 0.0000015,
        wasted: { attempts: 1, cost_usd: 1 },
        saved: { requests: 4, cost_usd: 2 },
      },
    ],
    total: { requests: 2 },
    truncated: false,
    not_yet_written: 3,
  })
})

/** The cells of a line that quotes nothing. */
const cells = (csv: string, line: number): string[] => (csv.split('\r\n')[line] ?? '').split(',')

test('CSV: a head and a line for each group; numbers never in exponents', () => {
  const csv = usageCsv(query, reply(group({ model: 'claude-x' })))
  const head = cells(csv, 0)
  const line = cells(csv, 1)
  expect(head[0]).toBe('model')
  expect(head).toHaveLength(line.length)
  const of = (name: string): string | undefined => line[head.indexOf(name)]
  expect(of('model')).toBe('claude-x')
  expect(of('cost_usd')).toBe('0.0000015')
  expect(of('wasted_cost_usd')).toBe('1')
  expect(of('saved_requests')).toBe('4')
  expect(csv.endsWith('\r\n')).toBe(true)
})

test('CSV by nothing is the total', () => {
  const csv = usageCsv({ ...query, by: [] }, reply(group({})))
  expect(csv.split('\r\n')).toHaveLength(3)
  expect(cells(csv, 1)[0]).toBe('2')
})

test.each([
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@x', "'@x"],
  ['\tx', "'\tx"],
  ['', ''],
  ['Ünïcode 漢字', 'Ünïcode 漢字'],
])('a name of a client becomes no other cell and no formula: %j', (name, cell) => {
  const csv = usageCsv(query, reply(group({ model: name })))
  const body = csv.slice(csv.indexOf('\r\n') + 2)
  expect(body.startsWith(`${cell},2,`)).toBe(true)
})

test('an entry without a name has an empty cell', () => {
  const csv = usageCsv({ ...query, by: ['session'] }, reply(group({ session: null })))
  expect(cells(csv, 1)[0]).toBe('')
})
