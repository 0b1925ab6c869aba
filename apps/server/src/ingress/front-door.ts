import type { IncomingMessage, ServerResponse } from 'node:http'
import type { House } from '../state/house.ts'
import { logTurnedAway } from '../telemetry/refusal-log.ts'
import { type HostNames, judgeHost } from './host.ts'
import { isPipelinedTooDeep } from './pipelining.ts'
import { invalidRequest, type Refusal, tooLarge } from './refusal.ts'
import { targetProblem } from './target.ts'
import { turnAway } from './turn-away.ts'
import { HOPS_MAX, hopsOf } from './via.ts'

/** Who answers what the door has let in. */
export type Inside = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown

/**
 * The front door: what every request must be before anything else looks at it. Who may ask for what is decided behind it,
 * by the route that answers (see admission.ts).
 */
export function frontDoor(house: House, inside: Inside): Inside {
  return (incoming, outgoing) => {
    const { hostNames, config } = house.current()
    const refusal = isPipelinedTooDeep(incoming.socket, outgoing)
      ? pipelinedTooDeep
      : examine(incoming, hostNames, config.settings.maxBodyBytes)
    if (refusal === undefined) return inside(incoming, outgoing)
    const id = house.newId('req')
    logTurnedAway(house.log, id, incoming.method, refusal)
    return turnAway(incoming, outgoing, refusal, id)
  }
}

/**
 * Looks at the head of a request.
 *
 * @returns why it is refused, or `undefined`.
 */
function examine(incoming: IncomingMessage, names: HostNames, limitBytes: number): Refusal | undefined {
  if (incoming.httpVersionMajor !== 1) return { ...invalidRequest('lb speaks HTTP/1.1.'), status: 505, close: true }
  const repeated = repeatedHeader(incoming.rawHeaders)
  if (repeated !== undefined)
    return {
      ...invalidRequest(`The header ${repeated} stands twice; which one counts is not to be guessed.`),
      close: true,
    }
  return (
    hostRefusal(incoming, names) ??
    targetRefusal(incoming.url ?? '') ??
    bodyRefusal(incoming, limitBytes) ??
    loopRefusal(incoming.headers['via'])
  )
}

/**
 * Headers that decide who somebody is, where a request goes or where it ends. Node keeps the first of some and joins others:
 * with one of each there is nothing to choose from.
 */
const single: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'x-api-key',
  'x-lb-key',
  'origin',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
])

/** The name of the first header that is there twice and must not be. */
function repeatedHeader(raw: readonly string[]): string | undefined {
  let seen = ''
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase()
    if (!single.has(name)) continue
    if (seen.includes(` ${name} `)) return name
    seen += ` ${name} `
  }
  return undefined
}

function hostRefusal({ headers, socket }: IncomingMessage, names: HostNames): Refusal | undefined {
  const { host } = headers
  if (host === undefined) return { ...invalidRequest('The request names no host.'), close: true }
  const verdict = judgeHost(host, names, socket)
  if (verdict === 'known') return undefined
  if (verdict === 'malformed') return { ...invalidRequest('The Host header is no host.'), close: true }
  return {
    status: 421,
    type: 'invalid_request_error',
    message: `lb does not answer to the host ${host.slice(0, 100)}. If clients reach it by that name, add it to settings.allowed_hosts.`,
  }
}

function targetRefusal(target: string): Refusal | undefined {
  const problem = targetProblem(target)
  return problem === undefined ? undefined : invalidRequest(problem)
}

/** What can be said about a body by its headers alone. */
function bodyRefusal({ headers }: IncomingMessage, limitBytes: number): Refusal | undefined {
  const transfer = headers['transfer-encoding']
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked')
    return { ...invalidRequest('Only transfer-encoding: chunked is understood.'), status: 501, close: true }
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    const message = `content-encoding: ${encoding.slice(0, 40)} is not accepted. Send the request body as plain JSON.`
    return { status: 415, type: 'invalid_request_error', message, close: true }
  }
  return Number(headers['content-length'] ?? 0) > limitBytes ? tooLarge(limitBytes) : undefined
}

function loopRefusal(via: string | undefined): Refusal | undefined {
  const hops = hopsOf(via)
  if (hops < HOPS_MAX) return undefined
  const message = `The request has come through lb ${hops} times already: one of its providers leads back to lb. Check base_url.`
  return { status: 508, type: 'api_error', message, shouldRetry: false }
}

const pipelinedTooDeep: Refusal = {
  ...invalidRequest('Too many requests were sent on this connection before the first was answered.'),
  status: 503,
  close: true,
}
