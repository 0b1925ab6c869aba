/**
 * The upstream of the benchmarks: answers at once with bytes that were made beforehand, so that it is never what is measured.
 * Listens on a free port of 127.0.0.1 and prints it.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const event = (type: string, data: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
const usage = { input_tokens: 30_000, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 300 }
const message = {
  id: 'msg_bench',
  type: 'message',
  role: 'assistant',
  model: 'claude-bench-1',
  stop_reason: null,
  stop_sequence: null,
}

const json = Buffer.from(
  JSON.stringify({
    ...message,
    content: [{ type: 'text', text: 'lorem ipsum '.repeat(60) }],
    stop_reason: 'end_turn',
    usage,
  }),
)
const delta = event('content_block_delta', {
  index: 0,
  delta: { type: 'text_delta', text: 'lorem ipsum dolor sit — ünd' },
})
const events = [
  event('message_start', { message: { ...message, content: [], usage } }),
  event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
  ...Array.from({ length: 295 }, () => delta),
  event('content_block_stop', { index: 0 }),
  event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage }),
  event('message_stop', {}),
].map((text) => Buffer.from(text))

const server = createServer((request, response) => {
  let length = 0
  request.on('data', (chunk: Buffer) => {
    length += chunk.length
  })
  request.on('end', () => {
    if (length < 10_000) {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': json.length,
        'request-id': 'req_bench',
      })
      response.end(json)
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'request-id': 'req_bench' })
    // One chunk an event, as a real upstream sends them, in one burst.
    response.cork()
    for (const bytes of events) response.write(bytes)
    response.end()
    response.uncork()
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
