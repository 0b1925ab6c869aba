import type { Json } from '@lb/protocol'
import * as v from 'valibot'
import { connectionFaultNames, faultNames } from '../fault/presets.ts'
import type { Answer } from './answer.ts'
import { editSchema, eventSchema, formSchemas } from './course-schema.ts'
import { fields, oneOf } from './fields.ts'
import type { MockScript, Turn } from './script.ts'

/**
 * The form of a script in a file. The same as the TypeScript types, without functions; unknown fields are refused, because a
 * misspelt fault that is silently ignored is a test that proves nothing.
 */

const count = v.pipe(v.number(), v.integer(), v.minValue(1))
const ms = v.pipe(v.number(), v.minValue(0))
const text = v.string()
const headerValues = v.record(text, v.nullable(v.union([text, v.array(text)])))
const json = v.custom<Json>(() => true)

const faultName = oneOf(faultNames, 'fault', {
  names: connectionFaultNames,
  instead: 'meets connections, not requests: write it as the `fault` of the whole script',
})
const anyFault = oneOf([...faultNames, ...connectionFaultNames], 'fault')

const toolCall = fields({
  name: text,
  input: v.exactOptional(v.union([text, v.record(text, json)])),
  id: v.exactOptional(text),
})

const usage = fields({
  inputTokens: v.exactOptional(ms),
  outputTokens: v.exactOptional(ms),
  cacheReadTokens: v.exactOptional(ms),
  cacheWriteTokens: v.exactOptional(ms),
  thinkingTokens: v.exactOptional(ms),
})

const reply = fields({
  thinking: v.exactOptional(text),
  text: v.exactOptional(v.union([text, v.array(text)])),
  toolCalls: v.exactOptional(v.array(toolCall)),
  stopReason: v.exactOptional(text),
  stopSequence: v.exactOptional(text),
  usage: v.exactOptional(usage),
  id: v.exactOptional(text),
  model: v.exactOptional(text),
})

const errorReply = fields({
  status: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(999))),
  type: v.exactOptional(text),
  message: v.exactOptional(text),
  code: v.exactOptional(text),
})

const informational = fields({
  status: v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(199)),
  headers: v.exactOptional(v.record(text, text)),
})

/** The fields that say what is answered: one of them at most, or it would be a guess which one counts. */
const SAID = ['reply', 'error', 'body', 'bodyBase64', 'events'] as const

const answerSchema: v.GenericSchema<unknown, Answer> = v.pipe(
  fields({
    fault: v.exactOptional(faultName),
    reply: v.exactOptional(reply),
    error: v.exactOptional(errorReply),
    body: v.exactOptional(json),
    bodyBase64: v.exactOptional(v.pipe(text, v.base64())),
    events: v.exactOptional(v.array(eventSchema)),
    stream: v.exactOptional(v.boolean()),
    status: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(999))),
    statusText: v.exactOptional(text),
    headers: v.exactOptional(headerValues),
    informational: v.exactOptional(v.array(informational)),
    rawHead: v.exactOptional(text),
    framing: v.exactOptional(oneOf(['length', 'chunked', 'until-close'])),
    lengthOff: v.exactOptional(v.pipe(v.number(), v.integer())),
    encoding: v.exactOptional(oneOf(['gzip', 'br', 'deflate', 'gzip-corrupt', 'bomb', 'bomb-twice'])),
    sse: v.exactOptional(formSchemas.sse),
    edits: v.exactOptional(v.array(editSchema)),
    chat: v.exactOptional(formSchemas.chat),
    delayMs: v.exactOptional(ms),
    delayJitterMs: v.exactOptional(ms),
    paceMs: v.exactOptional(ms),
    bytesPerSecond: v.exactOptional(v.pipe(v.number(), v.minValue(1))),
    split: v.exactOptional(formSchemas.split),
    early: v.exactOptional(oneOf(['read-on', 'stop-reading'])),
    afterwards: v.exactOptional(oneOf(['keep', 'close', 'drop', 'reset-on-reuse', 'second-response'])),
  }),
  v.check(
    (answer) => SAID.filter((field) => answer[field] !== undefined).length <= 1,
    `an answer says one thing: keep one of ${SAID.join(', ')}`,
  ),
)

const turnFields = {
  answer: answerSchema,
  repeat: v.exactOptional(count),
  next: v.exactOptional(v.lazy((): v.GenericSchema<unknown, Turn> => turnSchema)),
}

const turnSchema: v.GenericSchema<unknown, Turn> = fields(turnFields)

const when = fields({
  endpoint: v.exactOptional(oneOf(['generate', 'messages', 'chat', 'responses', 'count-tokens', 'models', 'any'])),
  method: v.exactOptional(text),
  path: v.exactOptional(text),
  model: v.exactOptional(text),
  stream: v.exactOptional(v.boolean()),
  headers: v.exactOptional(v.record(text, text)),
  text: v.exactOptional(text),
  reusedConnection: v.exactOptional(v.boolean()),
})

/** A whole script. */
export const scriptSchema: v.GenericSchema<unknown, MockScript> = fields({
  name: v.exactOptional(text),
  seed: v.exactOptional(v.pipe(v.number(), v.integer())),
  epochMs: v.exactOptional(v.union([v.literal('now'), ms], 'expected `now` or milliseconds since 1970')),
  dialects: v.exactOptional(v.array(oneOf(['anthropic', 'openai-chat', 'openai-responses']))),
  models: v.exactOptional(v.array(text)),
  paceMs: v.exactOptional(ms),
  strict: v.exactOptional(v.boolean()),
  fault: v.exactOptional(anyFault),
  flaky: v.exactOptional(fields({ every: count, fault: faultName })),
  accept: v.exactOptional(
    v.array(
      fields({
        action: oneOf(['reset', 'close', 'silence', 'serve']),
        connections: v.exactOptional(count),
      }),
    ),
  ),
  refuse: v.exactOptional(v.boolean()),
  rules: v.exactOptional(v.array(fields({ ...turnFields, when: v.exactOptional(when) }))),
  default: v.exactOptional(answerSchema),
})
