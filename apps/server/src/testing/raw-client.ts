import { connect } from 'node:net'

/** What a client without an HTTP library sees. */
export interface Seen {
  readonly text: string
  /** `open`: it had seen enough, and the connection was still there. */
  readonly end: 'fin' | 'reset' | 'open'
  /** The status of every response, in order. */
  readonly statuses: readonly number[]
}

/**
 * Sends bytes on a connection of its own.
 *
 * @param url of lb.
 * @param parts sent one after the other, each in a write of its own.
 * @param enough how many whole responses end it; absent: until lb closes the connection.
 */
export function sendRaw(
  url: string,
  parts: string | Buffer | readonly (string | Buffer)[],
  enough?: number,
): Promise<Seen> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const received: Buffer[] = []
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    const finish = (end: Seen['end']): void => {
      const text = Buffer.concat(received).toString('latin1')
      resolve({ text, end, statuses: statusesOf(text) })
      socket.destroy()
    }
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk)
      if (enough !== undefined && wholeResponses(Buffer.concat(received).toString('latin1')) >= enough) finish('open')
    })
    socket.on('end', () => finish('fin'))
    socket.on('error', () => finish('reset'))
    socket.on('close', () => finish('fin'))
    for (const part of typeof parts === 'string' || Buffer.isBuffer(parts) ? [parts] : parts) socket.write(part)
  })
}

/** The host and port of a URL, as a `Host` header has them. */
export function hostOf(url: string): string {
  return new URL(url).host
}

function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
}

/** How many responses are there to their last byte, by their content-length. */
function wholeResponses(text: string): number {
  let count = 0
  let rest = text
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n')
    if (headEnd === -1) return count
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(rest.slice(0, headEnd))?.[1] ?? 0)
    if (rest.length < headEnd + 4 + length) return count
    count += 1
    rest = rest.slice(headEnd + 4 + length)
  }
}
