import type { JsonObject } from '@lb/protocol'
import * as v from 'valibot'
import { type ApiRoute, apiRoute, type Operation } from './api-route.ts'
import { docsPage, docsPolicy } from './docs-page.ts'
import { openApi } from './openapi.ts'

/** The documentation of the API, as a document for programs and as a page for people. */
export function documentationRoutes(others: readonly Operation[]): readonly ApiRoute[] {
  let document: JsonObject | undefined
  let page: string | undefined
  // Made at the first request: whoever never looks at it does not pay for it.
  const made = (): JsonObject => {
    document ??= openApi([...others, ...routes])
    return document
  }
  const rendered = (): string => {
    page ??= docsPage(made())
    return page
  }
  const routes: readonly ApiRoute[] = [
    apiRoute(
      {
        method: 'GET',
        path: '/openapi.json',
        access: 'open',
        id: 'getOpenApi',
        group: 'Documentation',
        summary: 'This API as an OpenAPI 3.1 document',
        replies: { 200: { description: 'The document.', schema: v.record(v.string(), v.unknown()) } },
      },
      () => ({ status: 200, body: made() }),
    ),
    pageRoute('/docs', 'getDocs', rendered),
    pageRoute('/redoc', 'getRedoc', rendered),
  ]
  return routes
}

function pageRoute(path: string, id: string, page: () => string): ApiRoute {
  return apiRoute(
    {
      method: 'GET',
      path,
      access: 'open',
      id,
      group: 'Documentation',
      summary: 'This API as a page to read',
      description: 'It holds no script and fetches nothing.',
      replies: { 200: { description: 'HTML.', contentType: 'text/html; charset=utf-8' } },
    },
    () => ({ status: 200, body: page(), headers: { 'content-security-policy': docsPolicy } }),
  )
}
