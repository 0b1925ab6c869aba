import type { Chat } from '@lb/protocol'
import type { Notes } from '../notes.ts'

/** Anthropic's stop reasons in Chat's words. */
const reasons: ReadonlyMap<string, Chat.FinishReason> = new Map<string, Chat.FinishReason>([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['tool_use', 'tool_calls'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content_filter'],
  ['pause_turn', 'length'],
])

/** The finish reason for a stop reason. Those without a twin are reported. */
export function finishReasonOf(reason: string | null, notes: Notes): Chat.FinishReason {
  const known = reason === null ? undefined : reasons.get(reason)
  if (known === undefined) notes.loss('stop_reason_changed', '/stop_reason', reason ?? 'null')
  if (reason === 'pause_turn') notes.loss('pause_as_length', '/stop_reason')
  return known ?? 'stop'
}
