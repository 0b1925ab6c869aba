import { expect, test } from 'vitest'
import { createNotes } from '../notes.ts'
import { finishReasonOf } from './stop-reasons.ts'

test.each<[string | null, string, readonly string[]]>([
  ['end_turn', 'stop', []],
  ['stop_sequence', 'stop', []],
  ['tool_use', 'tool_calls', []],
  ['max_tokens', 'length', []],
  ['model_context_window_exceeded', 'length', []],
  ['refusal', 'content_filter', []],
  ['pause_turn', 'length', ['pause_as_length /stop_reason undefined']],
  ['compaction', 'stop', ['stop_reason_changed /stop_reason compaction']],
  [null, 'stop', ['stop_reason_changed /stop_reason null']],
])('%j is %s', (reason, expected, losses) => {
  const notes = createNotes()
  expect(finishReasonOf(reason, notes)).toBe(expected)
  expect(notes.losses().map(({ code, path, detail }) => `${code} ${path} ${detail}`)).toEqual(losses)
})
