/** An upstream for `failover.ts`: the first part of the path says how it fails, at once. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const event = (type: string, more: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`
const start = event('message_start', {
  message: { id: 'msg_1', type: 'message', role: 'assistant', content: [], usage: {} },
})
const answer = [
  start,
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'hello' } }),
  event('content_block_stop', { index: 0 }),
  event('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }),
  event('message_stop'),
].join('')
const overloaded = { error: { type: 'overloaded_error', message: 'Overloaded' } }
const sse = { 'content-type': 'text/event-stream' }
const json = { 'content-type': 'application/json' }
const asked: Record<string, number> = {}

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    const kind = request.url?.split('/')[1] ?? ''
    if (kind === 'asked') return response.end(JSON.stringify(asked))
    asked[kind] = (asked[kind] ?? 0) + 1
    switch (kind) {
      case 'status-500':
        return response
          .writeHead(500, json)
          .end(JSON.stringify({ type: 'error', error: { type: 'api_error', message: 'no' } }))
      case 'status-529':
        return response.writeHead(529, json).end(JSON.stringify({ type: 'error', ...overloaded }))
      case 'reset':
        return request.socket.resetAndDestroy()
      case 'error-event':
        return response.writeHead(200, sse).end(start + event('error', overloaded))
      default:
        return response.writeHead(200, sse).end(answer)
    }
  })
})
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
