import * as v from 'valibot'
import { dimensions } from '../usage/usage-query.ts'

/** The answer of `GET /usage` in JSON. */

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

const tokens = {
  input_tokens: count,
  cache_read_tokens: count,
  cache_write_5m_tokens: count,
  cache_write_1h_tokens: count,
  output_tokens: count,
  thinking_tokens: v.pipe(count, v.description('Part of the output')),
  web_searches: count,
  cost_usd: v.number(),
}

const sums = {
  requests: count,
  failed_requests: v.pipe(count, v.description('Of these, not answered to the end')),
  unpriced_requests: v.pipe(count, v.description('Of these, with tokens but without a known price')),
  estimated_requests: v.pipe(count, v.description('Of these, broken off before the upstream said everything')),
  ...tokens,
  wasted: v.pipe(
    v.object({ attempts: count, ...tokens }),
    v.description('Attempts that failed and are charged all the same; not in the numbers above'),
  ),
  saved: v.pipe(
    v.object({ requests: count, ...tokens }),
    v.description('Requests that were answered by another’s call; not in the numbers above'),
  ),
}

const name = v.exactOptional(v.nullable(v.pipe(v.string(), v.description('Where it is asked for with `by`'))))
const names = Object.fromEntries(dimensions.map((dimension) => [dimension, name]))

/** What is in the books, by what was asked for. */
export const usageSchema: v.GenericSchema = v.pipe(
  v.object({
    since: v.string(),
    until: v.string(),
    by: v.array(v.picklist(dimensions)),
    currency: v.literal('USD'),
    groups: v.array(v.object({ ...names, ...sums })),
    total: v.object(sums),
    truncated: v.pipe(v.boolean(), v.description('There are more groups; the total has them all')),
    not_yet_written: v.pipe(count, v.description('Entries that wait for the disk, and are in no sum')),
  }),
  v.title('Usage'),
)
