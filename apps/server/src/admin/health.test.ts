import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { routesOf } from '../app.ts'
import type { Phase } from '../state/house.ts'
import { emptyHouse, mountedIn } from '../testing/mounted.ts'
import { hello, startWorld } from '../testing/world.ts'

test('readiness is that of the process: 503 until it takes requests, 200 then, 503 while it drains; it lives all the time', async () => {
  let phase: Phase = 'starting'
  const house = await emptyHouse([], () => phase)
  const { url } = await mountedIn(house, routesOf(house))
  for (const [now, status] of [
    ['starting', 503],
    ['ready', 200],
    ['draining', 503],
  ] as const) {
    phase = now
    const ready = await fetch(`${url}/health/ready`)
    expect([ready.status, await ready.json()]).toEqual([status, { status: now }])
    const live = await fetch(`${url}/health/live`)
    expect([live.status, await live.json()]).toEqual([200, { status: 'alive' }])
  }
})

test('a server that drains says so to whoever still has a connection, and that ends with the answer', async () => {
  const paced = { rules: [{ answer: { reply: { text: 'one two three four five six' } } }], paceMs: 50 }
  const { lb, mocks } = await startWorld({ scripts: [paced] })
  const { host, hostname, port } = new URL(lb.url)
  const question = JSON.stringify({ ...hello, stream: true })
  const socket = connect(Number(port), hostname)
  let received = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    received += text
  })
  const ended = new Promise((resolve) => socket.on('close', resolve))
  const headers = `host: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${question.length}`
  socket.write(`POST /v1/messages HTTP/1.1\r\n${headers}\r\n\r\n${question}`)
  await expect.poll(() => mocks[0]?.requests.length).toBe(1)
  const closed = lb.close(10_000)
  socket.write(`GET /health/ready HTTP/1.1\r\nhost: ${host}\r\n\r\n`)
  await ended
  expect(received).toContain('event: message_stop')
  expect(received).toMatch(/HTTP\/1\.1 503 [\s\S]*connection: close[\s\S]*\{"status":"draining"\}$/i)
  expect(await closed).toBe(0)
})
