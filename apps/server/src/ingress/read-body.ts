import type { IncomingMessage } from 'node:http'
import { err, ok, type Result } from '@lb/protocol'
import { invalidRequest, type Refusal } from './refusal.ts'

/**
 * Reads a request's whole body. It is kept as bytes: the same bytes go upstream, once for every attempt.
 *
 * @param limitBytes refuse more; 32 MB is what Anthropic takes.
 * @returns the body; a refusal when it is too long, encoded, or does not come whole.
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Result<Buffer, Refusal>> {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') return Promise.resolve(err(encoded(encoding)))
  return new Promise((resolve) => {
    let chunks: Buffer[] = []
    let length = 0
    const refuse = (): void => {
      chunks = []
      resolve(err(tooLarge(limitBytes)))
    }
    if (Number(request.headers['content-length'] ?? 0) > limitBytes) refuse()
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= limitBytes) chunks.push(chunk)
      else refuse()
      // What is too long is read on for a while and thrown away: a socket that is closed over unread bytes takes the
      // refusal with it, and the client would see a reset instead of a 413.
      if (length > 2 * limitBytes) request.destroy()
    })
    request.on('end', () => resolve(ok(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))))
    // `close` without `end`: the client left in the middle. Nobody reads the refusal, but the pipeline must not wait.
    request.on('close', () => resolve(err(cutShort)))
  })
}

const cutShort: Refusal = { ...invalidRequest('The request body ended early.'), close: true }

function tooLarge(limitBytes: number): Refusal {
  const message = `The request body is longer than ${limitBytes} bytes. Send less, or raise settings.max_body_bytes.`
  return { status: 413, type: 'request_too_large', message, close: true }
}

function encoded(encoding: string): Refusal {
  const message = `content-encoding: ${encoding.slice(0, 40)} is not accepted. Send the request body as plain JSON.`
  return { status: 415, type: 'invalid_request_error', message, close: true }
}
