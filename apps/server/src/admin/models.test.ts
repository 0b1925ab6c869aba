import { describe, expect, test } from 'vitest'
import { type FileWorld, startFileWorld } from '../testing/file-world.ts'

/** lb with these routes to `a` (Anthropic's dialect) and `o` (OpenAI's). */
function routed(routes: readonly string[]): Promise<FileWorld> {
  return startFileWorld(
    [
      'providers:',
      '  - { name: a, type: anthropic, base_url: "http://127.0.0.1:1", auth_value: k }',
      '  - { name: o, type: openai, base_url: "http://127.0.0.1:1/v1", auth_value: k }',
      'model_routes:',
      ...routes.map((route) => `  ${route}`),
      'settings: { port: 0, log_file_path: "", reload: false }',
    ].join('\n'),
  )
}

async function listed(world: FileWorld, query = ''): Promise<string[]> {
  const { body } = await world.call('GET', `/v1/models${query}`)
  return (body as { data: { id: string }[] }).data.map(({ id }) => id)
}

const current = ['claude-fable-5-2', 'claude-opus-5-5', 'claude-sonnet-5-5', 'claude-haiku-5-5']

describe('GET /v1/models', () => {
  test('lists names as they are written, each once', async () => {
    const world = await routed([
      'gpt-5: [{ provider: o, model: passthrough, priority: 1 }]',
      'my-model: [{ provider: a, model: claude-sonnet-5, priority: 1 }]',
      '"gpt-*": [{ provider: o, model: gpt-5, priority: 1 }]',
    ])
    expect(await listed(world)).toEqual(['gpt-5', 'my-model'])
  })

  test('lists of a pattern the models it leads to, where they fit it', async () => {
    const world = await routed([
      '"gpt-*": [{ provider: o, model: gpt-5, priority: 1 }, { provider: o, model: o3, priority: 2 }]',
    ])
    expect(await listed(world)).toEqual(['gpt-5'])
  })

  test('lists the current Claude models where a route can serve them', async () => {
    const anthropic = await routed(['"claude-*": [{ provider: a, model: passthrough, priority: 1 }]'])
    expect(await listed(anthropic)).toEqual(current)
    const mapped = await routed(['"*haiku*": [{ provider: o, model: gpt-5-mini, priority: 1 }]'])
    expect(await listed(mapped)).toEqual(['claude-haiku-5-5'])
    const elsewhere = await routed(['"*": [{ provider: o, model: passthrough, priority: 1 }]'])
    expect(await listed(elsewhere)).toEqual([])
  })

  test('speaks both vendors’ shapes', async () => {
    const world = await routed(['"claude-*": [{ provider: a, model: passthrough, priority: 1 }]'])
    const { body } = await world.call('GET', '/v1/models?limit=1')
    expect(body).toEqual({
      object: 'list',
      data: [
        {
          id: 'claude-fable-5-2',
          type: 'model',
          display_name: 'Claude Fable 5.2',
          created_at: '1970-01-01T00:00:00Z',
          object: 'model',
          created: 0,
          owned_by: 'lb',
        },
      ],
      has_more: true,
      first_id: 'claude-fable-5-2',
      last_id: 'claude-fable-5-2',
    })
  })

  test('turns pages in both directions, and every model is on exactly one', async () => {
    const names = Array.from({ length: 7 }, (_, index) => `m${index}`)
    const world = await routed(names.map((name) => `${name}: [{ provider: o, model: passthrough, priority: 1 }]`))
    const forth: string[] = []
    let page = await world.call('GET', '/v1/models?limit=3')
    for (;;) {
      const { data, has_more, last_id } = page.body as { data: { id: string }[]; has_more: boolean; last_id: string }
      forth.push(...data.map(({ id }) => id))
      if (!has_more) break
      page = await world.call('GET', `/v1/models?limit=3&after_id=${last_id}`)
    }
    expect(forth).toEqual(names)
    expect((await world.call('GET', '/v1/models?limit=3&before_id=m4')).body).toMatchObject({
      data: [{ id: 'm1' }, { id: 'm2' }, { id: 'm3' }],
      has_more: true,
    })
    expect((await world.call('GET', '/v1/models?limit=3&before_id=m2')).body).toMatchObject({
      first_id: 'm0',
      last_id: 'm1',
      has_more: false,
    })
    expect((await world.call('GET', '/v1/models?after_id=m6')).body).toMatchObject({ data: [], first_id: null })
  })

  test.each([
    'limit=0',
    'limit=1001',
    'limit=x',
    'limit=',
    'after_id=nobody',
    'before_id=nobody',
    'after_id=m&before_id=m',
  ])('refuses ?%s', async (query) => {
    const world = await routed(['m: [{ provider: o, model: passthrough, priority: 1 }]'])
    expect(await world.call('GET', `/v1/models?${query}`)).toMatchObject({
      status: 400,
      body: { type: 'error', error: { type: 'invalid_request_error' } },
    })
  })
})

describe('GET /v1/models/{id}', () => {
  test('knows every name that some route matches, listed or not', async () => {
    const world = await routed(['"claude-*": [{ provider: a, model: passthrough, priority: 1 }]'])
    expect((await world.call('GET', '/v1/models/claude-anything-9')).body).toMatchObject({ id: 'claude-anything-9' })
    expect(await world.call('GET', '/v1/models/gpt-5')).toMatchObject({
      status: 404,
      body: { type: 'error', error: { type: 'not_found_error', message: 'model: gpt-5' } },
    })
  })

  test.each(['vendor/model:free', 'vendor%2Fmodel%3Afree'])('takes a name with a slash as %s', async (path) => {
    const world = await routed(['"vendor/*": [{ provider: o, model: passthrough, priority: 1 }]'])
    expect((await world.call('GET', `/v1/models/${path}`)).body).toMatchObject({ id: 'vendor/model:free' })
  })
})
