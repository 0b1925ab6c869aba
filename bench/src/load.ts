import { connect, type Socket } from 'node:net'
import { NUMBER, type Workload } from './workloads.ts'

/**
 * A closed loop over plain sockets: each connection sends its next request when the answer to the last one is complete.
 * Every answer is checked; a wrong one ends the run, since a fast wrong answer is no measurement.
 */
/** Goes on counting over all loads. */
let sent = 0

export async function load(url: string, workload: Workload, requests: number): Promise<void> {
  const { hostname, port } = new URL(url)
  const head = [
    'POST /v1/messages HTTP/1.1',
    `host: ${hostname}:${port}`,
    'content-type: application/json',
    'x-api-key: bench',
    'anthropic-version: 2023-06-01',
    'user-agent: lb-bench',
    `content-length: ${workload.body.length}`,
    '',
    '',
  ].join('\r\n')
  const wire = Buffer.concat([Buffer.from(head), workload.body])
  const numberAt = wire.lastIndexOf(NUMBER) + 1
  let left = requests
  const take = (): boolean => {
    left -= 1
    sent += 1
    wire.write(String(sent).padStart(NUMBER.length - 1, '0'), numberAt, 'latin1')
    return left >= 0
  }
  await Promise.all(
    Array.from({ length: workload.connections }, () => runConnection(hostname, Number(port), wire, workload, take)),
  )
}

function runConnection(
  host: string,
  port: number,
  wire: Buffer,
  workload: Workload,
  take: () => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host, port, noDelay: true })
    let answer: Buffer[] = []
    const next = (): void => {
      answer = []
      if (take()) socket.write(Buffer.from(wire))
      else {
        socket.destroy()
        resolve()
      }
    }
    socket.on('connect', next)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the connection was closed in the middle of an answer')))
    socket.on('data', (chunk) => {
      answer.push(chunk)
      if (!isComplete(answer, chunk)) return
      const problem = check(Buffer.concat(answer).toString('latin1'), workload)
      if (problem === undefined) next()
      else reject(new Error(problem))
    })
  })
}

/** Whether the answer is whole: by its length, or by the last chunk of a chunked body. */
function isComplete(answer: readonly Buffer[], last: Buffer): boolean {
  const first = answer[0]?.toString('latin1') ?? ''
  const length = /\r\ncontent-length: (\d+)/i.exec(first)?.[1]
  if (length === undefined) return last.subarray(-5).toString('latin1') === '0\r\n\r\n'
  const received = answer.reduce((sum, part) => sum + part.length, 0)
  return received >= first.indexOf('\r\n\r\n') + 4 + Number(length)
}

function check(answer: string, workload: Workload): string | undefined {
  if (!answer.startsWith('HTTP/1.1 200')) return `unexpected answer: ${answer.slice(0, 300)}`
  const events = answer.split('\nevent: ').length
  if (workload.events > 0 && events < workload.events - 1)
    return `an answer of ${events} events, not ${workload.events}`
  return undefined
}
