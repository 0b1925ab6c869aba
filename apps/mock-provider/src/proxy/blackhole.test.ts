import net from 'node:net'
import { expect, test } from 'vitest'
import { startBlackhole } from './blackhole.ts'

test('a connection to a blackhole neither succeeds nor fails', async () => {
  const blackhole = await startBlackhole()
  const socket = net.connect({ host: '127.0.0.1', port: blackhole.port })
  const seen: string[] = []
  for (const event of ['connect', 'error', 'close']) socket.on(event, () => seen.push(event))
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(seen).toEqual([])
  socket.destroy()
  await blackhole.close()
})
