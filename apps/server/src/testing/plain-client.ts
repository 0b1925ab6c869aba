import { connect, type Socket } from 'node:net'
import { eventNames, type World } from './world.ts'

/** A client on a plain socket: it reads, waits and leaves when it is told to. The answer ends with the connection. */
export interface PlainClient {
  readonly socket: Socket
  /** What it has read so far, without the head. */
  body(): string
  /** Of the answer, once it is there. */
  status(): number
  /** Headers by lower-case name, once they are there. */
  headers(): Readonly<Record<string, string>>
  /** Whole events read so far, pings left out. */
  events(): number
  /** The body, when the connection has ended. */
  readonly whole: Promise<string>
  /** Gone, as when a process is killed. Resolves when the socket is closed. */
  leave(): Promise<void>
}

/**
 * @param chunkBytes the most that is taken off the socket at once.
 * @param tookSome called with the socket when it has, and may pause it.
 */
export function askPlainly(
  { lb }: Pick<World, 'lb'>,
  body: object,
  chunkBytes: number = 64 * 1024,
  tookSome?: (socket: Socket) => void,
): PlainClient {
  const { hostname, port } = new URL(lb.url)
  const received: Buffer[] = []
  const socket = connect({
    host: hostname,
    port: Number(port),
    onread: {
      buffer: Buffer.alloc(chunkBytes),
      callback(bytes, buffer) {
        received.push(Buffer.from(buffer.subarray(0, bytes)))
        tookSome?.(socket)
        return true
      },
    },
  })
  socket.on('error', () => {})
  const text = JSON.stringify(body)
  socket.write(
    `POST /v1/messages HTTP/1.0\r\nhost: ${hostname}:${port}\r\nanthropic-version: 2023-06-01\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  )
  const closed = new Promise<void>((resolve) => void socket.on('close', resolve))
  const all = (): string => {
    const joined = Buffer.concat(received)
    received.splice(0, received.length, joined)
    return joined.toString('latin1')
  }
  const bodyText = (): string => {
    const text = all()
    const end = text.indexOf('\r\n\r\n')
    return end === -1 ? '' : text.slice(end + 4)
  }
  return {
    socket,
    body: bodyText,
    status: () => Number(/^HTTP\/1\.1 (\d{3})/.exec(all())?.[1] ?? 0),
    headers: () =>
      Object.fromEntries(
        [
          ...(all()
            .split('\r\n\r\n', 1)[0]
            ?.matchAll(/^([^:\r\n]+): (.*)$/gm) ?? []),
        ].map(([, name, value]) => [String(name).toLowerCase(), String(value).trim()]),
      ),
    events: () => eventNames(bodyText().slice(0, bodyText().lastIndexOf('\n\n') + 1)).length,
    whole: closed.then(bodyText),
    async leave() {
      socket.destroy()
      await closed
    },
  }
}
