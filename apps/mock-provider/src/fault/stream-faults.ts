import type { Reply } from '../script/answer.ts'
import type { Edit, Ending, PlaceName, ScriptEvent } from '../script/course.ts'
import type { FaultPreset } from './preset.ts'

/** Names of faults inside a stream: its events, their form, its end. */
export const streamFaultNames = [
  'half-close-mid-text',
  'error-first',
  'error-after-message-start',
  'error-mid-text',
  'error-mid-thinking',
  'error-mid-tool-use',
  'error-after-block',
  'api-error-mid-text',
  'no-message-stop',
  'end-after-message-start',
  'end-mid-text',
  'end-mid-tool-use',
  'end-before-stop-reason',
  'empty-stream',
  'close-after-message-start',
  'close-mid-text',
  'reset-after-head',
  'reset-after-message-start',
  'reset-mid-text',
  'reset-mid-thinking',
  'reset-mid-tool-use',
  'stall-after-head',
  'stall-after-message-start',
  'stall-mid-text',
  'stall-mid-thinking',
  'stall-mid-tool-use',
  'pings-only',
  'pings-after-message-start',
  'pings-mid-text',
  'split-every-byte',
  'split-randomly',
  'split-characters',
  'split-wire',
  'line-ends-crlf',
  'line-ends-cr',
  'byte-order-mark',
  'multi-line-data',
  'comments',
  'no-event-lines',
  'no-space-after-colon',
  'endless-event',
  'invalid-json-event',
  'unknown-events',
  'extra-fields',
  'duplicate-message-start',
  'duplicate-index',
  'index-out-of-order',
  'delta-without-block',
  'done-missing',
  'done-doubled',
] as const

/** One of {@link streamFaultNames}. */
export type StreamFault = (typeof streamFaultNames)[number]

/** Characters of one to four bytes, so that a cut inside one is seen. */
const TEXT: Reply = {
  text: 'The mock says some words — “Grüße”, 你好, 👋🏽 — and would go on until the end of this sentence.',
}
/** For cuts of every kind: short, because every piece is a write. */
const MULTI_BYTE: Reply = { text: 'Cut “Grüße”, 你好 and 👋🏽 too.' }
const THINKING: Reply = {
  ...TEXT,
  thinking: 'First I look at what was asked, then I weigh what is known, then I answer.',
}
const TOOL: Reply = {
  text: 'I will look.',
  toolCalls: [{ name: 'Bash', input: { command: 'echo from-the-mock', description: 'Say where this comes from' } }],
}
const OVERLOADED: ScriptEvent = { error: 'overloaded_error' }
const HUNDRED_MEGABYTES = 100 * 1024 * 1024

const ENDINGS: { readonly [E in Ending]: string } = {
  clean: 'a proper end of the body',
  close: 'FIN without the end of the body',
  'half-close': 'FIN, while the other direction stays open',
  reset: 'RST',
  stall: 'silence for ever',
  pings: 'nothing but pings for ever',
}

const WHERE = {
  first: 'right after the head',
  'after-start': 'after message_start',
  'mid-text': 'half way through the text',
  'mid-thinking': 'half way through the thinking',
  'mid-tool': 'half way through a tool call',
  'after-block': 'after the first whole block',
  'before-stop': 'before the stop reason',
  'before-end': 'before the closing event',
} satisfies { readonly [P in PlaceName]?: string }

/** What they do. On requests without `stream` see `Edit` in the guide: errors become the answer, cuts cut the JSON. */
export const streamFaults: { readonly [N in StreamFault]: FaultPreset } = {
  'half-close-mid-text': broken([6], 'mid-text', 'half-close'),
  'error-first': failing([39], 'first', TEXT),
  'error-after-message-start': failing([40], 'after-start', TEXT),
  'error-mid-text': failing([41], 'mid-text', TEXT),
  'error-mid-thinking': failing([41], 'mid-thinking', THINKING),
  'error-mid-tool-use': failing([41], 'mid-tool', TOOL),
  'error-after-block': failing([41], 'after-block', THINKING),
  'api-error-mid-text': edited([41], 'an `api_error` event mid text', TEXT, [
    { at: 'mid-text', insert: [{ error: 'api_error' }], end: 'clean' },
  ]),
  'no-message-stop': broken([42], 'before-end', 'clean'),
  'end-after-message-start': broken([42], 'after-start', 'clean'),
  'end-mid-text': broken([42], 'mid-text', 'clean'),
  'end-mid-tool-use': broken([42], 'mid-tool', 'clean', TOOL),
  'end-before-stop-reason': broken([42], 'before-stop', 'clean'),
  'empty-stream': edited([31], 'a stream without a single event', undefined, [{ at: 'first', end: 'clean' }]),
  'close-after-message-start': broken([42], 'after-start', 'close'),
  'close-mid-text': broken([42], 'mid-text', 'close'),
  'reset-after-head': edited([42], 'RST after the head, before any event', TEXT, [{ at: { byte: 0 }, end: 'reset' }]),
  'reset-after-message-start': broken([42], 'after-start', 'reset'),
  'reset-mid-text': broken([42], 'mid-text', 'reset'),
  'reset-mid-thinking': broken([42], 'mid-thinking', 'reset', THINKING),
  'reset-mid-tool-use': broken([42], 'mid-tool', 'reset', TOOL),
  'stall-after-head': edited([43], 'silence after the head', TEXT, [{ at: { byte: 0 }, end: 'stall' }]),
  'stall-after-message-start': broken([43], 'after-start', 'stall'),
  'stall-mid-text': broken([45], 'mid-text', 'stall'),
  'stall-mid-thinking': broken([45], 'mid-thinking', 'stall', THINKING),
  'stall-mid-tool-use': broken([45], 'mid-tool', 'stall', TOOL),
  'pings-only': broken([44], 'first', 'pings'),
  'pings-after-message-start': broken([44], 'after-start', 'pings'),
  'pings-mid-text': broken([44], 'mid-text', 'pings'),
  'split-every-byte': {
    rows: [46],
    about: 'every byte is a chunk of its own',
    answer: { split: { every: 1 }, reply: MULTI_BYTE },
  },
  'split-randomly': {
    rows: [46],
    about: 'seeded chunks of 1 to 64 bytes',
    answer: { split: { randomly: true }, reply: MULTI_BYTE },
  },
  'split-characters': {
    rows: [46],
    about: 'a cut inside every character of more than one byte',
    answer: { split: { insideCharacters: true }, reply: MULTI_BYTE },
  },
  'split-wire': {
    rows: [46],
    about: 'head and chunk framing are cut too, every 7 bytes a write',
    answer: { split: { every: 7, of: 'wire' }, reply: MULTI_BYTE },
  },
  'line-ends-crlf': { rows: [46], about: 'CRLF line ends', answer: { sse: { lineEnd: 'crlf' }, reply: TEXT } },
  'line-ends-cr': { rows: [46], about: 'CR line ends', answer: { sse: { lineEnd: 'cr' }, reply: TEXT } },
  'byte-order-mark': {
    rows: [46],
    about: 'a byte order mark first',
    answer: { sse: { byteOrderMark: true }, reply: TEXT },
  },
  'multi-line-data': {
    rows: [46],
    about: 'JSON over several data lines',
    answer: { sse: { multiLineData: true }, reply: TEXT },
  },
  comments: { rows: [46], about: 'a comment before every event', answer: { sse: { comments: true }, reply: TEXT } },
  'no-event-lines': { rows: [46], about: 'no `event:` lines', answer: { sse: { eventLines: false }, reply: TEXT } },
  'no-space-after-colon': {
    rows: [46],
    about: 'no space after `data:`',
    answer: { sse: { space: false }, reply: TEXT },
  },
  'endless-event': edited([47], '100 MB of one event without a line end', TEXT, [
    {
      at: 'after-start',
      insert: [{ raw: 'data: {"type":"' }, { fill: 'abcdefgh', bytes: HUNDRED_MEGABYTES }],
      end: 'clean',
    },
  ]),
  'invalid-json-event': edited([49], 'an event whose data is no JSON, mid text', TEXT, [
    {
      at: 'mid-text',
      insert: [{ raw: 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"del\n\n' }],
    },
  ]),
  'unknown-events': edited([48], 'events of a type nobody knows', TEXT, [
    { at: 'after-start', insert: [{ event: 'weather_report', data: { type: 'weather_report', sky: 'blue' } }] },
    { at: 'mid-text', insert: [{ event: 'weather_report', data: { type: 'weather_report', sky: 'grey' } }] },
  ]),
  'extra-fields': edited([48], 'a delta with fields nobody knows', TEXT, [
    {
      at: 'mid-text',
      insert: [
        {
          event: 'content_block_delta',
          data: {
            type: 'content_block_delta',
            index: 0,
            mood: 'good',
            delta: { type: 'text_delta', text: ' (extra) ', weight: 1 },
          },
        },
      ],
    },
  ]),
  'duplicate-message-start': edited([49], 'two message_start events', TEXT, [{ at: 'after-start', again: true }]),
  'duplicate-index': edited([49], 'a block starts with an index that is open already', TEXT, [
    { at: 'mid-text', insert: [blockStart(0)] },
  ]),
  'index-out-of-order': edited([49], 'a block starts with index 5', TEXT, [
    { at: 'mid-text', insert: [blockStart(5)] },
  ]),
  'delta-without-block': edited([49], 'a delta for a block that never started', TEXT, [
    {
      at: 'after-start',
      insert: [
        {
          event: 'content_block_delta',
          data: { type: 'content_block_delta', index: 7, delta: { type: 'text_delta', text: 'lost' } },
        },
      ],
    },
  ]),
  'done-missing': { rows: [50], about: 'no [DONE] (OpenAI)', answer: { chat: { done: 'missing' }, reply: TEXT } },
  'done-doubled': { rows: [50], about: '[DONE] twice (OpenAI)', answer: { chat: { done: 'twice' }, reply: TEXT } },
}

function failing(rows: readonly number[], at: keyof typeof WHERE, reply: Reply): FaultPreset {
  return edited(rows, `an error event ${WHERE[at]}`, reply, [{ at, insert: [OVERLOADED], end: 'clean' }])
}

function broken(rows: readonly number[], at: keyof typeof WHERE, end: Ending, reply: Reply = TEXT): FaultPreset {
  const whole = at === 'mid-thinking' ? THINKING : reply
  return edited(rows, `${ENDINGS[end]} ${WHERE[at]}`, whole, [{ at, end }])
}

function edited(rows: readonly number[], about: string, reply: Reply | undefined, edits: readonly Edit[]): FaultPreset {
  return { rows, about, answer: { ...(reply === undefined ? {} : { reply }), edits } }
}

function blockStart(index: number): ScriptEvent {
  return {
    event: 'content_block_start',
    data: { type: 'content_block_start', index, content_block: { type: 'text', text: '' } },
  }
}
