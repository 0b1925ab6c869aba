import * as v from 'valibot'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { errorSchema, notFound } from './problem.ts'
import { recordSchema, summarySchema } from './record-schema.ts'
import { recordView, summaryView } from './record-view.ts'

const LISTED_MAX = 1000

const listSchema = v.pipe(
  v.object({ requests: v.pipe(v.array(summarySchema), v.description('The newest first')) }),
  v.title('RequestList'),
)

/** Why the last requests went where they went. */
export const requestRoutes: readonly ApiRoute[] = [
  apiRoute(
    {
      method: 'GET',
      path: '/requests',
      access: 'admin',
      id: 'listRequests',
      group: 'Requests',
      summary: 'The last requests',
      queryParameters: {
        limit: v.optional(
          v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LISTED_MAX), v.description('How many')),
          50,
        ),
      },
      replies: { 200: { description: 'One line each.', schema: listSchema } },
    },
    (house, { query }) => ({
      status: 200,
      body: { requests: house.records.last(query.limit).map((kept) => summaryView(kept, house.records.get)) },
    }),
  ),
  apiRoute(
    {
      method: 'GET',
      path: '/requests/{id}',
      access: 'admin',
      id: 'getRequest',
      group: 'Requests',
      summary: 'Why a request went where it went',
      description:
        'The id is in the header `x-lb-request-id` of every answer, and in the log. `log` and `policy` are enough to decide it all again: `replayLoop(log, policy)` of `@lb/router` gives the same attempts and the same end. A count of tokens has no attempts: `counted` says who counted.',
      pathParameters: { id: v.pipe(v.string(), v.description('`req_…`')) },
      replies: {
        200: { description: 'Its record.', schema: recordSchema },
        404: { description: 'It was never here, or is not kept any more.', schema: errorSchema },
      },
    },
    (house, { path }) => {
      const kept = house.records.get(path.id)
      if (kept !== undefined) return { status: 200, body: recordView(kept, house.records.get) }
      const { enabled, maxCount } = house.current().config.settings.decisionRecords
      const why = enabled
        ? `The last ${maxCount} requests that reached a route are kept, those before it or refused earlier are not.`
        : 'settings.decision_records.enabled is off.'
      return notFound(`There is no record of ${path.id}. ${why}`)
    },
  ),
]
