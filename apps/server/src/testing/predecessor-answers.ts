import { isJsonObject, type JsonObject, parseJson, stringMember } from '@lb/protocol'
import { expect } from 'vitest'

/** An answer of lb, read to its end. */
export interface ReadAnswer {
  readonly status: number
  readonly contentType: string
  /** The answering provider, as lb names it in the predecessor's header. */
  readonly provider: string | undefined
  readonly text: string
  /** The body, if it is one JSON object. */
  readonly json: JsonObject
  /** `error.message` of an error. */
  readonly error: string
}

/** Reads an answer to its end. */
export async function read(pending: Promise<Response> | Response): Promise<ReadAnswer> {
  const response = await pending
  const { status, headers } = response
  const text = await response.text()
  const parsed = parseJson(text)
  const json = parsed.ok && isJsonObject(parsed.value) ? parsed.value : {}
  return {
    status,
    contentType: headers.get('content-type') ?? '',
    provider: headers.get('x-provider-used') ?? undefined,
    text,
    json,
    error: stringMember(json['error'], 'message') ?? '',
  }
}

/** Checks that this is an error with this status, in JSON, which says `text`, and which says nothing of `others`. */
export function expectError(answer: ReadAnswer, status: number, text: string, others: readonly string[] = []): void {
  expect(answer).toMatchObject({ status, contentType: expect.stringContaining('application/json') })
  expect(answer.error).toContain(text)
  for (const other of others) expect(answer.text.toLowerCase()).not.toContain(other.toLowerCase())
}

/** Checks that this is a message in Anthropic's shape with this text. */
export function expectMessage(answer: ReadAnswer, text: string): void {
  expect(answer.status).toBe(200)
  // Exactly this, without a charset.
  expect(answer.contentType).toBe('application/json')
  expect(answer.json).toMatchObject({
    id: expect.any(String),
    type: 'message',
    role: 'assistant',
    usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number) },
  })
  expect(JSON.stringify(answer.json['content'])).toContain(text)
}

/** Checks that this is a stream of events in which these words stand. */
export function expectStream(answer: ReadAnswer, words: readonly string[]): void {
  expect(answer.status).toBe(200)
  expect(answer.contentType).toMatch(/^text\/event-stream/)
  for (const word of words) expect(answer.text).toContain(word)
}
