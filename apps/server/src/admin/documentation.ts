import type { JsonObject } from '@lb/protocol'
import * as v from 'valibot'
import { type ApiRoute, apiRoute, type Operation } from './api-route.ts'
import { docsPage, docsPolicy } from './docs-page.ts'
import { openApi } from './openapi.ts'

/** The documentation of the API, as a document for programs and as a page for people. */
export function documentationRoutes(others: readonly Operation[]): readonly ApiRoute[] {
  // Made when it is first asked for: whoever never looks at it does not pay for it.
  const document = lastResult((openPaths: ReadonlySet<string>) => openApi([...others, ...routes], openPaths))
  const page = lastResult((shown: JsonObject) => docsPage(shown))
  const routes: readonly ApiRoute[] = [
    apiRoute(
      {
        method: 'GET',
        path: '/openapi.json',
        access: 'client',
        id: 'getOpenApi',
        group: 'Documentation',
        summary: 'This API as an OpenAPI 3.1 document',
        replies: { 200: { description: 'The document.', schema: v.record(v.string(), v.unknown()) } },
      },
      (_, { compiled }) => ({ status: 200, body: document(compiled.openPaths) }),
    ),
    pageRoute('/docs', 'getDocs', (openPaths) => page(document(openPaths))),
    pageRoute('/redoc', 'getRedoc', (openPaths) => page(document(openPaths))),
  ]
  return routes
}

function pageRoute(path: string, id: string, page: (openPaths: ReadonlySet<string>) => string): ApiRoute {
  return apiRoute(
    {
      method: 'GET',
      path,
      access: 'client',
      id,
      group: 'Documentation',
      summary: 'This API as a page to read',
      description: 'It holds no script and fetches nothing.',
      replies: { 200: { description: 'HTML.', contentType: 'text/html; charset=utf-8' } },
    },
    (_, { compiled }) => ({
      status: 200,
      body: page(compiled.openPaths),
      headers: { 'content-security-policy': docsPolicy },
    }),
  )
}

/** `make`, which is not called again for what it was called with last. */
function lastResult<Given extends object, Made>(make: (given: Given) => Made): (given: Given) => Made {
  let last: { readonly given: Given; readonly made: Made } | undefined
  return (given) => {
    if (last?.given !== given) last = { given, made: make(given) }
    return last.made
  }
}
