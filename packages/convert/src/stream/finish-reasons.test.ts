import { expect, test } from 'vitest'
import { createNotes } from '../notes.ts'
import { type FinishFacts, finishKind, isCutOff, stopReasonOf } from './finish-reasons.ts'

const kinds = {
  stop: ['stop', 'eos', 'end_turn', 'completed', 'stop_sequence', 'STOP', 'Stop', 'eos_token', 'COMPLETE'],
  call: ['tool_calls', 'function_call', 'tool_use', 'TOOL_CALLS', 'tool_call', 'tool-calls'],
  length: ['length', 'max_tokens', 'model_length', 'max_output_tokens', 'MAX_TOKENS', 'model_context_window_exceeded'],
  refusal: [
    'content_filter',
    'safety',
    'refusal',
    'recitation',
    'SAFETY',
    'content_filter: PROHIBITED_CONTENT',
    'BLOCKLIST',
    'PROHIBITED_CONTENT',
    'SPII',
    'IMAGE_SAFETY',
    'MODEL_ARMOR',
    'sensitive',
    'content-filter',
    'guardrail_intervened',
    'ERROR_TOXIC',
  ],
  error: [
    'error',
    'abort',
    'cancelled',
    'canceled',
    'timeout',
    'MALFORMED_FUNCTION_CALL',
    'function_call_filter: MALFORMED_FUNCTION_CALL',
    'UNEXPECTED_TOOL_CALL',
    'MALFORMED_RESPONSE',
    'network_error',
  ],
  overloaded: ['insufficient_system_resource'],
  unknown: ['weird', '', 'constructor'],
}

test.each(Object.entries(kinds).flatMap(([kind, reasons]) => reasons.map((reason) => [reason, kind])))(
  '%j is of the kind %s',
  (reason = '', kind) => {
    expect(finishKind(reason)).toBe(kind)
    expect(isCutOff(reason)).toBe(kind === 'length' || kind === 'refusal')
  },
)

function stopOf(facts: Partial<FinishFacts>): readonly unknown[] {
  const notes = createNotes()
  const reason = stopReasonOf({ reason: 'stop', native: '', hasCalls: false, hasRefusal: false, ...facts }, notes)
  return [reason, ...notes.losses().map(({ code, path }) => `${code} ${path}`)]
}

test.each<[string, Partial<FinishFacts>, readonly string[]]>([
  ['an end is an end', {}, ['end_turn']],
  ['an end with calls is a call (case 12)', { hasCalls: true }, ['tool_use']],
  ['an end with a refusal is a refusal', { hasRefusal: true, hasCalls: true }, ['refusal']],
  [
    'calls that were cut are no calls (case 11)',
    { reason: 'length', hasCalls: true, hasRefusal: true },
    ['max_tokens'],
  ],
  [
    'a full window is no limit of the answer',
    { reason: 'length', native: 'Context_Length_Exceeded' },
    ['model_context_window_exceeded'],
  ],
  ['a full window, in one word', { reason: 'model_context_window_exceeded' }, ['model_context_window_exceeded']],
  [
    'calls that nobody made are an end (case 12)',
    { reason: 'tool_calls' },
    ['end_turn', 'finish_without_call /choices/0/finish_reason'],
  ],
  ['an unknown reason is an end', { reason: 'weird' }, ['end_turn', 'finish_unknown /choices/0/finish_reason']],
])('%s', (_name, facts, expected) => {
  expect(stopOf(facts)).toEqual(expected)
})
