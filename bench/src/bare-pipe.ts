/**
 * The yardstick: what it costs on Node to take a request, send it on and pipe the answer back, with nothing else. It buffers
 * the request as every proxy must that may have to send it twice. Prints its address.
 *
 *   node bare-pipe.ts http://127.0.0.1:<upstream port>
 */
import { Agent, createServer, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'

const upstream = new URL(process.argv[2] ?? '')
const agent = new Agent({ keepAlive: true })

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    const headers = { ...request.headers, host: upstream.host, 'content-length': body.length }
    const options = { host: upstream.hostname, port: upstream.port, method: 'POST', path: request.url, headers, agent }
    send(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    }).end(body)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
