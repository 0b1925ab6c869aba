import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import { createApp } from '../app.ts'
import { guardConnections } from '../ingress/connections.ts'
import { frontDoor, type Inside } from '../ingress/front-door.ts'
import type { Route } from '../ingress/route.ts'
import type { House, Phase } from '../state/house.ts'
import { openHouse } from '../state/open-house.ts'
import { noThread, testConfig } from './world.ts'

/** lb's door in front of routes of a test's own, on a port. */
export async function mountedWith(
  routes: readonly Route[],
  settings: readonly string[] = [],
): Promise<{ readonly url: string }> {
  return mountedIn(await emptyHouse(settings), routes)
}

/** The same in a house of the test's own. */
export async function mountedIn(house: House, routes: readonly Route[]): Promise<{ readonly url: string }> {
  const server = createServer(doorTo(house, routes))
  guardConnections(server, house)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** The same without a port: what Node would call for each request. */
export function doorTo(house: House, routes: readonly Route[]): Inside {
  return frontDoor(house, getRequestListener(createApp(house, routes).fetch))
}

/** A house in which nothing happens. @param phase what its process is at. */
export async function emptyHouse(settings: readonly string[] = [], phase: () => Phase = () => 'ready'): Promise<House> {
  const config = testConfig([{ url: 'http://127.0.0.1:9' }], { settings })
  const options = { config, log: pino({ enabled: false }), isOverloaded: () => false, startThread: noThread }
  const { house, close } = await openHouse(options, phase)
  onTestFinished(close)
  return house
}
