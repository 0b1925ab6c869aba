import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isJsonObject, type Json, type JsonObject, member, parseJson } from '@lb/protocol'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Ajv2020 } from 'ajv/dist/2020.js'
import openapiTypescript, { astToString } from 'openapi-typescript'
import pino from 'pino'
import ts from 'typescript'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { routesOf } from '../app.ts'
import { openHouse } from '../state/open-house.ts'
import { hello, noThread, startWorld, testConfig, type World } from '../testing/world.ts'
import { apiRoutes } from './api.ts'
import { openApi } from './openapi.ts'

const issuer = 'https://login.example'
const oauth = `oauth: { enabled: true, authorize_url: "${issuer}/a", token_url: "${issuer}/t", client_id: lb, scopes: [openid], token_file: logins/tokens.json }`

async function temporary(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true })
  const folder = await mkdtemp(join(parent, 'lb-openapi-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function world(settings: readonly string[] = []): Promise<World> {
  return startWorld({ scripts: [{}], settings, folder: await temporary(tmpdir()) })
}

async function documentOf({ lb }: World): Promise<JsonObject> {
  const response = await fetch(`${lb.url}/openapi.json`)
  expect(response.headers.get('content-type')).toBe('application/json')
  return (await response.json()) as JsonObject
}

/** `POST /providers/{name}/enable` → what the document says of it. */
function operationsOf(document: JsonObject): ReadonlyMap<string, Json> {
  const entries = (value: Json | undefined) => (isJsonObject(value) ? Object.entries(value) : [])
  return new Map(
    entries(document['paths']).flatMap(([path, methods]) =>
      entries(methods).map(([method, operation]): [string, Json] => [
        `${method.toUpperCase()} ${path}`,
        operation ?? null,
      ]),
    ),
  )
}

describe('GET /openapi.json', () => {
  test('is a document that a linter accepts', async () => {
    const source = JSON.stringify(await documentOf(await world()))
    const config = await createConfig({
      extends: ['recommended'],
      // Some operations are open to everybody and cannot be asked wrongly.
      rules: { 'operation-4xx-response': 'off' },
    })
    const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config })
    expect(
      problems.map(({ severity, ruleId, message, location }) => [severity, ruleId, message, location[0]?.pointer]),
    ).toEqual([])
  })

  test('has every route of lb, and no other', async () => {
    const config = testConfig([{ url: 'http://127.0.0.1:1' }], {})
    const { house, close } = await openHouse(
      { config, log: pino({ enabled: false }), startThread: noThread },
      () => 'ready',
    )
    const routes = routesOf(house).map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
    await close()
    expect([...operationsOf(await documentOf(await world())).keys()].sort()).toEqual(routes.sort())
  })

  test('says which operations need a key, as it is configured', async () => {
    const auth =
      'auth: { enabled: true, api_key: key-0123456789abcdef0123456789, exempt_paths: [/openapi.json, /providers] }'
    const operations = operationsOf(await documentOf(await world([auth])))
    const isOpen = (name: string) => JSON.stringify(member(operations.get(name) ?? null, 'security')) === '[]'
    expect(['GET /providers', 'GET /openapi.json', 'GET /health/live', 'GET /oauth/callback'].map(isOpen)).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(['GET /health', 'GET /docs', 'GET /requests', 'POST /v1/messages'].map(isOpen)).toEqual([
      false,
      false,
      false,
      false,
    ])
  })

  test('has an example of each description: none is empty, and each word has one meaning', () => {
    const ids = apiRoutes.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const document = openApi(apiRoutes, new Set())
    expect(JSON.stringify(document)).not.toMatch(/"description":""/)
  })
})

/** One call of each operation at least, in an order in which each finds what it needs. `{id}`: of the request that was made. */
const calls: readonly [operation: string, path?: string | undefined, body?: object][] = [
  ['POST /v1/messages', undefined, hello],
  ['POST /v1/messages', undefined, { model: 1 }],
  ['POST /v1/messages/count_tokens', undefined, hello],
  ['POST /v1/chat/completions', undefined, { messages: [] }],
  ['GET /'],
  ['GET /health'],
  ['GET /health/live'],
  ['GET /health/ready'],
  ['GET /metrics'],
  ['GET /v1/models'],
  ['GET /v1/models', '/v1/models?limit=0'],
  ['GET /v1/models/{id}', '/v1/models/claude-x'],
  ['GET /providers'],
  ['POST /providers/{name}/disable', '/providers/a/disable'],
  ['GET /providers'],
  ['POST /providers/{name}/enable', '/providers/a/enable'],
  ['POST /providers/{name}/enable', '/providers/nobody/enable'],
  ['POST /providers/{name}/reset', '/providers/a/reset'],
  ['POST /providers/reload'],
  ['GET /requests'],
  ['GET /requests', '/requests?limit=x'],
  ['GET /requests/{id}', '/requests/{id}'],
  ['GET /requests/{id}', '/requests/none'],
  ['POST /cleanup'],
  ['GET /usage'],
  ['GET /usage', '/usage?by=nonsense'],
  ['GET /oauth/status'],
  ['GET /oauth/authorize'],
  ['GET /oauth/callback'],
  ['GET /oauth/generate-url'],
  ['POST /oauth/exchange-code', undefined, { code: 'x#y', account_email: 'a@example.com' }],
  ['POST /oauth/exchange-code', undefined, {}],
  ['POST /oauth/refresh/{email}', '/oauth/refresh/a@example.com'],
  ['DELETE /oauth/tokens/{email}', '/oauth/tokens/a@example.com'],
  ['DELETE /oauth/tokens'],
  ['GET /openapi.json'],
  ['GET /docs'],
  ['GET /redoc'],
]

describe('real answers', () => {
  test.each([
    ['with stored logins', [oauth]],
    ['without', []],
  ])('are as the document says, for every operation, %s', async (_, settings) => {
    const running = await world(settings)
    const document = await documentOf(running)
    const operations = operationsOf(document)
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema(document, 'lb')
    const pointer = (...parts: string[]) =>
      parts.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')
    let id = ''
    for (const [name, path, body] of calls) {
      const [method = '', template = ''] = name.split(' ')
      const target = (path ?? template).replace('{id}', id)
      const headers = { 'content-type': 'application/json' }
      const sent = body === undefined ? {} : { body: JSON.stringify(body), headers }
      const response = await fetch(running.lb.url + target, { method, redirect: 'manual', ...sent })
      if (name === 'POST /v1/messages' && response.ok) id = response.headers.get('x-lb-request-id') ?? ''
      const text = await response.text()
      const said = `${name} ${response.status} ${text.slice(0, 200)}`
      expect(response.headers.get('x-lb-request-id'), said).toMatch(/^req_/)
      const responses = member(operations.get(name) ?? null, 'responses') ?? null
      const content = member(member(responses, String(response.status)) ?? null, 'content')
      expect(content, said).toBeDefined()
      const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
      expect(member(content ?? null, type), said).toBeDefined()
      if (type !== 'application/json') continue
      const where = pointer(
        'paths',
        template,
        method.toLowerCase(),
        'responses',
        String(response.status),
        'content',
        type,
        'schema',
      )
      const validate = ajv.getSchema(`lb#/${where}`)
      const parsed = parseJson(text)
      validate?.(parsed.ok ? parsed.value : undefined)
      expect(validate?.errors ?? [], said).toEqual([])
    }
    expect(new Set(calls.map(([name]) => name))).toEqual(new Set(operations.keys()))
  })
})

describe('a client that is generated from the document', () => {
  const source = `
import createClient from 'openapi-fetch'
import type { paths } from './lb.ts'

export async function operate(baseUrl: string): Promise<readonly unknown[]> {
  const lb = createClient<paths>({ baseUrl })
  const { data: before } = await lb.GET('/providers')
  const first = before?.providers[0]
  if (first === undefined) return []
  const params = { path: { name: first.name } }
  const { data: disabled } = await lb.POST('/providers/{name}/disable', { params })
  const state: 'healthy' | 'unhealthy' | 'disabled' | undefined = disabled?.providers[0]?.status
  const { response } = await lb.POST('/v1/messages', { body: { model: 'm', messages: [{ role: 'user', content: 'x' }] } })
  await lb.POST('/providers/{name}/enable', { params })
  const { data: reset, error } = await lb.POST('/providers/{name}/reset', { params: { path: { name: 'no/body' } } })
  const { data: list } = await lb.GET('/requests', { params: { query: { limit: 5 } } })
  const attempts: number | undefined = list?.requests[0]?.attempts
  // @ts-expect-error There is no such operation.
  await lb.GET('/nothing').catch(() => {})
  return [first.name, state, response.status, reset, error?.error.type, attempts]
}
`
  let compiled: { readonly problems: readonly string[]; readonly operate: (url: string) => Promise<readonly unknown[]> }

  beforeAll(async () => {
    // Inside the package, where the client's own imports are found.
    const cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))
    await mkdir(cache, { recursive: true })
    const folder = await mkdtemp(join(cache, 'lb-client-'))
    const document = openApi([...apiRoutes, ...(await import('./model-operations.ts')).modelOperations], new Set())
    const types = astToString(await openapiTypescript(JSON.stringify(document)))
    await writeFile(join(folder, 'lb.ts'), types)
    await writeFile(join(folder, 'client.ts'), source)
    const options: ts.CompilerOptions = {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
      types: [],
    }
    const program = ts.createProgram([join(folder, 'client.ts')], options)
    const problems = ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    })
    await writeFile(join(folder, 'client.mjs'), outputText)
    const { operate } = await import(/* @vite-ignore */ pathToFileURL(join(folder, 'client.mjs')).href)
    compiled = { problems, operate }
    return () => rm(folder, { recursive: true, force: true })
  }, 60_000)

  test('compiles, and operates a running lb', async () => {
    expect(compiled.problems).toEqual([])
    const { lb } = await world(['hold: 0'])
    expect(await compiled.operate(lb.url)).toEqual([
      'a',
      'disabled',
      503,
      undefined,
      'not_found_error',
      expect.any(Number),
    ])
  })
})
