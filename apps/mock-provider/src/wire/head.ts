import { STATUS_CODES } from 'node:http'
import type { HeaderLine } from '../answer/answer-headers.ts'

/** A response's status line, header lines and the blank line, as bytes. Names and values are written as they are given. */
export function headBytes(status: number, statusText: string | undefined, headers: readonly HeaderLine[]): Uint8Array {
  const reason = statusText ?? STATUS_CODES[status] ?? 'Unknown'
  const lines = [`HTTP/1.1 ${status} ${reason}`, ...headers.map(([name, value]) => `${name}: ${value}`)]
  // Header text is one byte a character on the wire.
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/** One chunk of a body with `transfer-encoding: chunked`. */
export function chunkBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`, 'latin1'), bytes, CRLF])
}

const CRLF = Buffer.from('\r\n', 'latin1')

/** The chunk that ends a chunked body. */
export const lastChunk: Uint8Array = Buffer.from('0\r\n\r\n', 'latin1')
