/** The least that a server in Node is, for `cold-start.ts`: it listens, and prints its address. */
import { createServer } from 'node:http'

const server = createServer((_request, response) => void response.end())
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
