import * as v from 'valibot'
import { dimensions, filters, readUsageWish } from '../usage/usage-query.ts'
import { usageCsv, usageJson } from '../usage/usage-report.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { badRequest, type ErrorBody, errorSchema } from './problem.ts'
import { usageSchema } from './usage-schema.ts'

const said = (description: string): v.GenericSchema<string | undefined> =>
  v.optional(v.pipe(v.string(), v.description(description)))

const moment = 'A date (`2026-11-23`), a time (UTC where it names no zone) or an age (`24h`, `7d`)'

/** Who used what. */
export const usageRoutes: readonly ApiRoute[] = [
  apiRoute(
    {
      method: 'GET',
      path: '/usage',
      access: 'admin',
      id: 'getUsage',
      group: 'Usage',
      summary: 'Tokens and costs, by key, provider, model, session, request, day or hour',
      description:
        'Costs are computed from list prices, or from those in the configuration. CSV with `format=csv` or `accept: text/csv`.',
      queryParameters: {
        by: said(`Broken down by these, in this order, with commas: ${dimensions.join(', ')}`),
        since: said(`From then on; 30 days before \`until\` by default. ${moment}`),
        until: said(`Up to then; now by default. ${moment}`),
        format: said('`json` or `csv`'),
        ...Object.fromEntries(filters.map((name) => [name, said(`Only entries with exactly this ${name}`)])),
      },
      replies: {
        200: { description: 'The sums.', schema: v.union([usageSchema, v.string()]) },
        400: { description: 'A parameter cannot be used.', schema: errorSchema },
        503: { description: 'No books are kept, or they cannot be read.', schema: errorSchema },
      },
    },
    async ({ usage, clock }, { search, accept, compiled }) => {
      const wish = readUsageWish(search, accept, clock.epochMs())
      if (!wish.ok) return badRequest(`${wish.error.parameter}: ${wish.error.message}`)
      if (!compiled.config.settings.usage.enabled)
        return unavailable('No usage is kept: settings.usage.enabled is false.')
      const { query, format } = wish.value
      try {
        const reply = await usage.sum(query)
        if (format === 'json') return { status: 200, body: { ...usageJson(query, reply) } }
        return { status: 200, body: usageCsv(query, reply), contentType: 'text/csv; charset=utf-8; header=present' }
      } catch (error) {
        return unavailable(`The books of usage cannot be read: ${(error as Error).message}`)
      }
    },
  ),
]

function unavailable(message: string): { readonly status: 503; readonly body: ErrorBody } {
  return { status: 503, body: { type: 'error', error: { type: 'api_error', message } } }
}
