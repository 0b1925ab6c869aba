import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { startServer } from '../server.ts'
import { hello, testConfig } from '../testing/world.ts'

test('a provider that leads back to lb ends in 508, after few rounds', async () => {
  let rounds = 0
  let lbUrl = ''
  // A reverse proxy between lb and itself, since lb's port is known only when it runs.
  const back = createServer((incoming, outgoing) => {
    rounds += 1
    const { hostname, port, host } = new URL(lbUrl)
    const { url: path, method, headers } = incoming
    const again = request({ hostname, port, path, method, headers: { ...headers, host } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(again)
  })
  await new Promise<void>((resolve) => back.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(back.address() as AddressInfo).port}`
  const lb = await startServer({ config: testConfig([{ url }], {}), log: pino({ enabled: false }) })
  lbUrl = lb.url
  onTestFinished(async () => {
    await lb.close(0)
    back.closeAllConnections()
    back.close()
  })
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${lb.url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(hello) })
  expect(response.status).toBe(508)
  expect(await response.text()).toContain('leads back to lb')
  expect(rounds).toBeLessThanOrEqual(12)
}, 30_000)
