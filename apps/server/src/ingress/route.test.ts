import { Hono } from 'hono'
import { describe, expect, test, vi } from 'vitest'
import { createApp, routesOf } from '../app.ts'
import type { House } from '../state/house.ts'
import { mountedWith } from '../testing/mounted.ts'
import { hostOf, sendRaw } from '../testing/raw-client.ts'
import { type App, mount, type Route, unguardedRoutes } from './route.ts'

const house = {} as House

describe('the inventory of routes', () => {
  test('every route that Hono knows has an auth class', () => {
    const routes = routesOf(house)
    const app = createApp(house)
    expect(app.routes.length).toBeGreaterThanOrEqual(8)
    expect(unguardedRoutes(app, routes)).toEqual([])
    for (const { access } of routes) expect(['open', 'client', 'admin']).toContain(access)
  })

  test('no method and path stands there twice', () => {
    const names = routesOf(house).map(({ method, path }) => `${method} ${path}`)
    expect(new Set(names).size).toBe(names.length)
  })

  test('a route that nobody has decided about is found, and lb does not start with it', () => {
    const app: App = new Hono()
    mount(app, house, { method: 'GET', path: '/known', access: 'open', answer: () => new Response() })
    app.post('/forgotten', () => new Response())
    expect(
      unguardedRoutes(app, [{ method: 'GET', path: '/known', access: 'open', answer: () => new Response() }]),
    ).toEqual(['POST /forgotten'])
  })
})

describe('a route that changes something', () => {
  const answer = vi.fn<Route['answer']>(({ body }) => new Response(`got ${body}`))
  const change: Route = { method: 'POST', path: '/change', access: 'admin', answer }
  const post = (url: string, init: RequestInit): Promise<Response> =>
    fetch(`${url}/change`, { method: 'POST', ...init })
  const json = { 'content-type': 'application/json; charset=utf-8' }

  test('takes JSON, or nothing', async () => {
    const { url } = await mountedWith([change])
    expect(await (await post(url, {})).text()).toBe('got ')
    expect(await (await post(url, { headers: json, body: '{"a":"ü"}' })).text()).toBe('got {"a":"ü"}')
  })

  test('takes nothing that a form could send', async () => {
    const { url } = await mountedWith([change])
    answer.mockClear()
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      '',
    ]) {
      const response = await post(url, { headers: { 'content-type': type }, body: Buffer.from('{"a":1}') })
      expect(response.status, type).toBe(415)
    }
    expect(answer).not.toHaveBeenCalled()
  })

  test('takes no more than a megabyte', async () => {
    const { url } = await mountedWith([change])
    expect((await post(url, { headers: json, body: 'x'.repeat((1 << 20) + 1) })).status).toBe(413)
  })

  test('is not reached by GET', async () => {
    const { url } = await mountedWith([change])
    answer.mockClear()
    expect((await fetch(`${url}/change`)).status).toBe(405)
    expect(answer).not.toHaveBeenCalled()
  })
})

test('a link on another site leads only where it may', async () => {
  const page = (path: string, more: object): Route => ({
    method: 'GET',
    path,
    access: 'open',
    answer: () => new Response('page'),
    ...more,
  })
  const { url } = await mountedWith([page('/back', { byLink: true }), page('/other', {})])
  const follow = async (path: string): Promise<number | undefined> => {
    const link = 'sec-fetch-site: cross-site\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document'
    const seen = await sendRaw(url, `GET ${path} HTTP/1.1\r\nhost: ${hostOf(url)}\r\n${link}\r\n\r\n`, 1)
    return seen.statuses[0]
  }
  expect(await follow('/back')).toBe(200)
  expect(await follow('/other')).toBe(403)
})
