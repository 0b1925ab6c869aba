import { type Agent, type ClientRequest, type IncomingHttpHeaders, request } from 'node:http'

/** One streamed answer as a client saw it. */
export interface Streamed {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Whether the transfer came to its proper end. `false`: the connection was cut. */
  readonly isWhole: boolean
}

export interface Streaming {
  /** Resolves when the head and the first bytes are there, or the request failed. */
  readonly begun: Promise<void>
  readonly done: Promise<Streamed>
  readonly request: ClientRequest
}

let asked = 0

/** Asks for a stream with a question of its own, or with `text`. A connection that breaks is a result here, not an error. */
export function openStream(url: string, agent: Agent, text?: string): Streaming {
  asked += 1
  let begin: () => void = () => {}
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const sent = request(`${url}/v1/messages`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
  })
  const done = new Promise<Streamed>((resolve) => {
    sent.on('error', () => {
      resolve({ status: 0, headers: {}, text: '', isWhole: false })
      begin()
    })
    sent.on('response', (response) => {
      let received = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        received += part
        begin()
      })
      response.on('error', () => {})
      response.on('close', () => {
        begin()
        const { statusCode = 0, headers, complete } = response
        resolve({ status: statusCode, headers, text: received, isWhole: complete })
      })
    })
  })
  sent.end(JSON.stringify({ ...question, messages: [{ role: 'user', content: text ?? `question ${asked}` }] }))
  return { begun, done, request: sent }
}

const question = { model: 'claude-test-1', max_tokens: 100, stream: true }

/** The names of the events, pings left out. */
export function namesOf({ text }: Streamed): string[] {
  return [...text.matchAll(/^event: (.*)$/gm)].map((match) => match[1] ?? '').filter((name) => name !== 'ping')
}
