import { err, type Json, ok, type Result } from '@lb/protocol'
import type { Answer, Reply } from '../script/answer.ts'
import type { Choice } from '../script/choose.ts'
import type { Edit, Ending } from '../script/course.ts'
import type { Dialect } from '../script/script.ts'
import {
  commonHeaders,
  type HeaderFacts,
  type HeaderLine,
  rateLimitHeaders,
  requestIdOf,
  withHeaders,
} from './answer-headers.ts'
import { anthropicMessage, anthropicStream } from './anthropic.ts'
import { editStream, partOf } from './edits.ts'
import { errorBody, speakError } from './error-reply.ts'
import { chatCompletion, chatStream } from './openai-chat.ts'
import { responsesAnswer, responsesStream } from './openai-responses.ts'
import { ordinaryAnswer } from './ordinary.ts'
import { asksForStream, type MockRequest, modelOf } from './request.ts'
import { type SpokenReply, speak } from './spoken-reply.ts'
import type { StreamPart } from './stream-part.ts'
import { tokensOfRequest } from './tokens.ts'

/** What answers are made of beside the request: settings of the script. */
export interface Setting {
  readonly name: string
  readonly seed: number
  readonly epochMs: number
  readonly models: readonly string[]
  readonly paceMs: number
  readonly strict: boolean
  /** Makes the ordinary good answer. */
  readonly demo: (request: MockRequest) => Reply
}

/** An answer in words: what is said, in which head, and how it breaks. Nothing is encoded or framed yet. */
export interface Composed {
  readonly status: number
  readonly statusText: string | undefined
  readonly headers: readonly HeaderLine[]
  readonly body:
    | { readonly kind: 'whole'; readonly bytes: Uint8Array }
    | { readonly kind: 'stream'; readonly parts: readonly StreamPart[] }
  /** Where the answer ends before its time, other than at a byte. */
  readonly ending: Ending | undefined
  /** The bytes are cut here, and end so. */
  readonly cut: { readonly byte: number; readonly ending: Ending } | undefined
  /** `head`: nothing is sent at all. */
  readonly beforeHead: Ending | undefined
  /** The answer with its preset filled in; the delivery fields are read from it. */
  readonly answer: Answer
}

/** Turns a choice into an answer in the request's dialect, or says what is wrong with the script. */
export function compose(
  choice: Exclude<Choice, { kind: 'needs-body' }>,
  request: MockRequest,
  setting: Setting,
): Result<Composed, string> {
  const answer = choice.kind === 'answer' ? choice.answer : ordinaryAnswer(request, setting)
  const { dialect } = request.endpoint
  const facts: HeaderFacts = {
    dialect,
    providerName: setting.name,
    seed: setting.seed,
    requestId: requestIdOf(dialect, setting.seed, request.number),
    requestNumber: request.number,
    epochMs: setting.epochMs,
  }
  const said = say(answer, request, setting, facts)
  const edited =
    said.parts === undefined ? editWhole(said, answer, facts) : editParts(said, said.parts, answer, dialect)
  if (!edited.ok) return err(edited.error)
  const { status, body, contentType, ending, cut } = edited.value
  const limits = status < 400 && request.endpoint.kind === 'generate' ? rateLimitHeaders(facts) : []
  const caching: readonly HeaderLine[] = body.kind === 'stream' ? [['cache-control', 'no-cache']] : []
  const headers = [['content-type', contentType] as const, ...caching, ...commonHeaders(facts), ...limits]
  return ok({
    status,
    statusText: answer.statusText,
    headers: withHeaders(headers, filledIn(answer.headers ?? {}, setting.epochMs)),
    body,
    ending,
    cut,
    beforeHead: (answer.edits ?? []).find((edit) => edit.at === 'head')?.end,
    answer,
  })
}

/** What is said, before edits. `parts`: as a stream. */
interface Said {
  readonly status: number
  readonly contentType: string
  readonly bytes: Uint8Array
  readonly parts: readonly StreamPart[] | undefined
}

interface Edited extends Pick<Composed, 'status' | 'body' | 'ending' | 'cut'> {
  readonly contentType: string
}

const SSE = 'text/event-stream; charset=utf-8'
const JSON_TYPE = 'application/json'

function say(answer: Answer, request: MockRequest, setting: Setting, facts: HeaderFacts): Said {
  const { dialect } = request.endpoint
  const status = answer.status ?? 200
  if (answer.error !== undefined) {
    const error = speakError(answer.error)
    return whole(answer.status ?? error.status, errorBody(error, dialect, facts.requestId))
  }
  if (answer.events !== undefined) {
    return { status, contentType: SSE, bytes: EMPTY, parts: answer.events.map((event) => partOf(event, dialect)) }
  }
  if (answer.bodyBase64 !== undefined) {
    return { status, contentType: JSON_TYPE, bytes: Buffer.from(answer.bodyBase64, 'base64'), parts: undefined }
  }
  if (answer.body !== undefined) return whole(status, answer.body)
  const reply = speak(answer.reply ?? setting.demo(request), {
    seed: setting.seed,
    requestNumber: request.number,
    epochMs: setting.epochMs,
    requestedModel: modelOf(request),
    inputTokens: tokensOfRequest(request.json),
  })
  const streams = answer.stream ?? asksForStream(request)
  if (!streams) return whole(status, WRITERS[dialect].whole(reply, request.json, answer))
  return { status, contentType: SSE, bytes: EMPTY, parts: WRITERS[dialect].stream(reply, request.json, answer) }
}

/** The dialects' writers: to add a dialect, add a row. */
const WRITERS: {
  readonly [D in Dialect]: {
    readonly whole: (reply: SpokenReply, request: Json | undefined, answer: Answer) => Json
    readonly stream: (reply: SpokenReply, request: Json | undefined, answer: Answer) => readonly StreamPart[]
  }
} = {
  anthropic: { whole: anthropicMessage, stream: anthropicStream },
  'openai-chat': {
    whole: (reply, _request, answer) => chatCompletion(reply, answer.chat ?? {}),
    stream: (reply, request, answer) => chatStream(reply, request, answer.chat ?? {}),
  },
  'openai-responses': { whole: responsesAnswer, stream: responsesStream },
}

const EMPTY = new Uint8Array()

function whole(status: number, body: Json): Said {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const contentType = typeof body === 'string' && !looksLikeJson(body) ? 'text/plain; charset=utf-8' : JSON_TYPE
  return { status, contentType, bytes: new TextEncoder().encode(text), parts: undefined }
}

function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text)
}

function editParts(said: Said, parts: readonly StreamPart[], answer: Answer, dialect: Dialect): Result<Edited, string> {
  const edited = editStream(parts, answer.edits ?? [], dialect)
  if (!edited.ok) return edited
  return ok({
    status: said.status,
    contentType: said.contentType,
    body: { kind: 'stream', parts: edited.value.parts },
    ending: edited.value.ending,
    cut: byteCut(answer.edits ?? []),
  })
}

/** An answer without events: see {@link Edit}. */
function editWhole(said: Said, answer: Answer, facts: HeaderFacts): Result<Edited, string> {
  const edits = (answer.edits ?? []).filter((edit) => edit.at !== 'head')
  for (const event of edits.flatMap((edit) => edit.insert ?? [])) {
    if (!('error' in event)) continue
    const error = speakError(
      event.message === undefined ? { type: event.error } : { type: event.error, message: event.message },
    )
    const failed = whole(error.status, errorBody(error, facts.dialect, facts.requestId))
    return ok({ ...failed, body: { kind: 'whole', bytes: failed.bytes }, ending: undefined, cut: undefined })
  }
  const named = edits.find((edit) => typeof edit.at !== 'object' && edit.end !== undefined)
  // A ping is an event; where there are none, only the silence is left of it.
  const ending = named?.end === 'pings' ? 'stall' : named?.end
  const cut =
    named === undefined || ending === undefined ? byteCut(edits) : { byte: middleOf(said.bytes, named), ending }
  const { status, contentType, bytes } = said
  return ok({ status, contentType, body: { kind: 'whole', bytes }, ending: undefined, cut })
}

function middleOf(bytes: Uint8Array, edit: Edit): number {
  if (edit.at === 'first') return 0
  return edit.at === 'last' ? bytes.length : Math.floor(bytes.length / 2)
}

function byteCut(edits: readonly Edit[]): Composed['cut'] {
  for (const edit of edits) {
    const ending = edit.end
    if (typeof edit.at === 'object' && ending !== undefined) return { byte: edit.at.byte, ending }
  }
  return undefined
}

/** `{unix+30}`, `{http-date-60}`, `{iso+5}`: moments relative to the mock's clock. */
function filledIn(
  headers: NonNullable<Answer['headers']>,
  epochMs: number,
): { readonly [name: string]: string | readonly string[] | null } {
  const fill = (value: string): string =>
    value.replace(/\{(unix|http-date|iso)([+-]\d+)?\}/g, (_, form: string, offset: string | undefined) => {
      const moment = new Date(epochMs + Number(offset ?? 0) * 1000)
      if (form === 'unix') return String(Math.floor(moment.getTime() / 1000))
      return form === 'iso' ? moment.toISOString().replace(/\.\d+Z$/, 'Z') : moment.toUTCString()
    })
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (value === null) return [name, null]
      return [name, typeof value === 'string' ? fill(value) : value.map(fill)]
    }),
  )
}
