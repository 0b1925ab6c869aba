import type { Json } from '@lb/protocol'
import * as v from 'valibot'
import type { ChatForm, Edit, ScriptEvent, Split, SseForm } from './course.ts'
import { fields, oneOf } from './fields.ts'

const ms = v.pipe(v.number(), v.minValue(0))
const bytes = v.pipe(v.number(), v.integer(), v.minValue(0))
const text = v.string()
const json = v.custom<Json>((value) => value !== undefined)

const EVENT_FORMS =
  'an event is one of: {event, data, id}, {error, message}, {ping: true}, {done: true}, {comment}, {raw}, {base64}, {pauseMs}, {fill, bytes}'

/** One piece of a stream in a file. */
export const eventSchema: v.GenericSchema<unknown, ScriptEvent> = v.union(
  [
    fields({ event: v.exactOptional(text), data: json, id: v.exactOptional(text) }),
    fields({ error: text, message: v.exactOptional(text) }),
    fields({ ping: v.literal(true) }),
    fields({ done: v.literal(true) }),
    fields({ comment: text }),
    fields({ raw: text }),
    fields({ base64: v.pipe(text, v.base64()) }),
    fields({ pauseMs: ms }),
    fields({ fill: text, bytes }),
  ],
  EVENT_FORMS,
)

const place = v.union(
  [
    oneOf([
      'head',
      'first',
      'after-start',
      'mid-thinking',
      'mid-text',
      'mid-tool',
      'after-block',
      'before-stop',
      'before-end',
      'last',
    ]),
    bytes,
    fields({ byte: bytes }),
  ],
  'a place is an event index, {byte: N}, or one of: head, first, after-start, mid-thinking, mid-text, mid-tool, after-block, before-stop, before-end, last',
)

/** One change to an answer's course in a file. */
export const editSchema: v.GenericSchema<unknown, Edit> = fields({
  at: place,
  again: v.exactOptional(v.boolean()),
  insert: v.exactOptional(v.array(eventSchema)),
  remove: v.exactOptional(bytes),
  end: v.exactOptional(oneOf(['clean', 'close', 'half-close', 'reset', 'stall', 'pings'])),
})

/** The forms in which an answer may be written down. */
export const formSchemas: {
  readonly sse: v.GenericSchema<unknown, SseForm>
  readonly split: v.GenericSchema<unknown, Split>
  readonly chat: v.GenericSchema<unknown, ChatForm>
} = {
  sse: fields({
    lineEnd: v.exactOptional(oneOf(['lf', 'crlf', 'cr'])),
    byteOrderMark: v.exactOptional(v.boolean()),
    comments: v.exactOptional(v.boolean()),
    multiLineData: v.exactOptional(v.boolean()),
    eventLines: v.exactOptional(v.boolean()),
    space: v.exactOptional(v.boolean()),
  }),
  split: fields({
    every: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    at: v.exactOptional(v.array(bytes)),
    randomly: v.exactOptional(v.boolean()),
    insideCharacters: v.exactOptional(v.boolean()),
    of: v.exactOptional(oneOf(['body', 'wire'])),
  }),
  chat: fields({
    thinkingField: v.exactOptional(
      oneOf(['reasoning_content', 'reasoning', 'reasoning_details', 'content-parts', 'think-tags', 'none']),
    ),
    usage: v.exactOptional(oneOf(['last-chunk', 'always', 'in-choice', 'every-chunk', 'none'])),
    emptyFirstChunk: v.exactOptional(v.boolean()),
    finish: v.exactOptional(oneOf(['own-chunk', 'with-content', 'missing'])),
    done: v.exactOptional(oneOf(['once', 'twice', 'missing'])),
    toolIds: v.exactOptional(oneOf(['openai', 'mistral9', 'kimi', 'empty', 'constant'])),
    wholeArguments: v.exactOptional(v.boolean()),
  }),
}
