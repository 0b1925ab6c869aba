import type { Anthropic } from '@lb/protocol'
import { appendAll } from '../append-all.ts'
import type { Notes } from '../notes.ts'

type Blocks = readonly Anthropic.RequestBlock[]

/**
 * Instructions in mid-conversation as reminders of the user, for models that know no such turns. They join the user turn
 * before them, else the one behind them, where results of calls stay first: the API refuses anything before these. So roles
 * alternate as they did.
 *
 * @returns the very same request when it has no such turn.
 */
export function withReminders(request: Anthropic.Request, notes: Notes): Anthropic.Request {
  if (!request.messages.some((turn) => turn.role === 'system')) return request
  const turns: Anthropic.Turn[] = []
  let waiting: Anthropic.RequestBlock[] = []
  // The blocks of the last turn, once it has grown.
  let grown: Anthropic.RequestBlock[] | undefined
  for (const [index, turn] of request.messages.entries()) {
    const last = turns.at(-1)
    if (turn.role === 'system') {
      notes.loss('system_turn_moved', `/messages/${index}`)
      const reminders = remindersIn(turn)
      if (last?.role !== 'user') appendAll(waiting, reminders)
      else if (reminders.length > 0) {
        if (grown === undefined) {
          grown = [...blocksOf(last)]
          turns[turns.length - 1] = { ...last, content: grown }
        }
        appendAll(grown, reminders)
      }
      continue
    }
    if (turn.role === 'user') turns.push(withBlocks(turn, waiting))
    else {
      if (waiting.length > 0) turns.push({ role: 'user', content: waiting })
      turns.push(turn)
    }
    waiting = []
    grown = undefined
  }
  if (waiting.length > 0) turns.push({ role: 'user', content: waiting })
  return { ...request, messages: turns }
}

function remindersIn(turn: Anthropic.Turn): Blocks {
  return blocksOf(turn).flatMap((block) =>
    block.type === 'text' ? [{ ...block, text: `<system-reminder>\n${block.text}\n</system-reminder>` }] : [],
  )
}

function blocksOf({ content }: Anthropic.Turn): Blocks {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])
}

/** The turn with more blocks behind its results; without results, at its end. */
function withBlocks<T extends Anthropic.Turn>(turn: T, added: Blocks): T {
  if (added.length === 0) return turn
  const blocks = blocksOf(turn)
  const results = blocks.findLastIndex((block) => block.type === 'tool_result') + 1
  const at = results === 0 ? blocks.length : results
  return { ...turn, content: [...blocks.slice(0, at), ...added, ...blocks.slice(at)] }
}
