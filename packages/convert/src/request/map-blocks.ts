import type { Anthropic } from '@lb/protocol'
import type { Notes } from '../notes.ts'

/** What becomes of one block: itself, another, or nothing. */
export type BlockChange = (
  block: Anthropic.RequestBlock,
  place: { readonly path: string; readonly turn: Anthropic.Turn; readonly index: number },
) => Anthropic.RequestBlock | undefined

/**
 * Changes the blocks of all turns. A turn that loses all of its blocks is left out.
 *
 * @returns the very same request when no block changes: then the client's own bytes can be sent.
 */
export function mapBlocks(request: Anthropic.Request, change: BlockChange, notes: Notes): Anthropic.Request {
  let isSame = true
  const messages = request.messages.flatMap((turn, index) => {
    if (!Array.isArray(turn.content)) return [turn]
    const before: readonly Anthropic.RequestBlock[] = turn.content
    const after = before.flatMap(
      (block, at) => change(block, { path: `/messages/${index}/content/${at}`, turn, index }) ?? [],
    )
    if (after.length === before.length && after.every((block, at) => block === before[at])) return [turn]
    isSame = false
    if (after.length > 0) return [{ ...turn, content: after }]
    notes.loss('empty_turn_dropped', `/messages/${index}`)
    return []
  })
  return isSame ? request : { ...request, messages }
}
