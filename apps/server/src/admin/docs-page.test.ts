import { describe, expect, test } from 'vitest'
import { startWorld } from '../testing/world.ts'
import { apiRoutes } from './api.ts'
import { docsPage } from './docs-page.ts'

describe.each(['/docs', '/redoc'])('GET %s', (path) => {
  test('is a page that holds no script and fetches nothing, and may not', async () => {
    const { lb } = await startWorld({ scripts: [{}] })
    const response = await fetch(`${lb.url}${path}`)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
    const page = await response.text()
    expect(page).not.toMatch(/<script|<iframe|<img|\son\w+=|\ssrc=|@import|url\(/i)
    expect([...page.matchAll(/href="([^"#]*)/g)].map((match) => match[1]).filter((href) => href !== '')).toEqual(
      expect.arrayContaining(['data:,', '/openapi.json']),
    )
    expect(page).not.toMatch(/href="https?:/)
  })
})

test('every operation and every schema has its place, and each link leads to one', async () => {
  const { lb } = await startWorld({ scripts: [{}] })
  const page = await (await fetch(`${lb.url}/docs`)).text()
  const places = new Set([...page.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]))
  expect(apiRoutes.map(({ id }) => id).filter((id) => !places.has(id))).toEqual([])
  const links = [...page.matchAll(/href="#([^"]*)"/g)].map((match) => match[1])
  expect(links.length).toBeGreaterThan(50)
  expect(links.filter((link) => !places.has(link))).toEqual([])
})

test('what a document says is shown, never run', () => {
  const evil = '<script>alert(1)</script>'
  const operation = {
    operationId: 'x',
    tags: ['T'],
    summary: evil,
    description: `\`${evil}\``,
    security: [],
    responses: {},
  }
  const page = docsPage({
    info: { title: evil, version: '1', summary: evil },
    tags: [{ name: 'T', description: evil }],
    paths: { [`/${evil}`]: { get: operation } },
    components: { schemas: { S: { type: 'object', description: evil, properties: { [evil]: { enum: [evil] } } } } },
  })
  expect(page).not.toContain('<script')
  expect(page).toContain('&lt;script&gt;')
})
