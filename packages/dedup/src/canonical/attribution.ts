import { type JsonMember, scanJsonObject } from '@lb/protocol'
import { CUT, containerEnd, OPEN_BRACE, OPEN_BRACKET, skipSpace } from './json-walk.ts'

/**
 * Finds the attribution that Claude Code puts before its system prompt: a first block whose text is
 *
 *   x-anthropic-billing-header: cc_version=2.1.330.d01; cc_entrypoint=cli; cch=00000;
 *
 * It is accounting, changes from call to call in some versions, and the API takes it away before the model sees it. Only
 * its values are left out: that the block is there still counts, and so does everything else in it.
 *
 * The grammar is strict on purpose. An upstream that does not know the block shows it to the model, so prose that hides
 * behind the prefix is a different question.
 *
 * @see https://code.claude.com/docs/en/llm-gateway
 * @returns the range of `body` between the prefix and the closing quote, if `system` begins with such a block.
 */
export function attributionRange(body: Uint8Array, system: JsonMember): { start: number; end: number } | undefined {
  if (body[system.start] !== OPEN_BRACKET) return undefined
  const start = skipSpace(body, system.start + 1)
  if (body[start] !== OPEN_BRACE) return undefined
  const end = containerEnd(body, start)
  if (end === CUT) return undefined
  const block = scanJsonObject(body.subarray(start, end))
  if (!block.ok) return undefined
  const texts = block.value.members.filter(({ name }) => name === 'text')
  const [text] = texts
  if (text === undefined || texts.length > 1 || text.end - text.start > LONGEST_ATTRIBUTION) return undefined
  const written = String.fromCharCode(...body.subarray(start + text.start, start + text.end))
  if (!ATTRIBUTION.test(written)) return undefined
  return { start: start + text.start + 1 + PREFIX.length, end: start + text.end - 1 }
}

const PREFIX = 'x-anthropic-billing-header:'
/** Values have no white space, quotes or escapes: they cannot say anything. */
const PAIR = ' *cc[a-z0-9_]*=[\\w.:/+-]*'
const ATTRIBUTION = new RegExp(`^"${PREFIX}(?:${PAIR}(?:;${PAIR})*;?)? *"$`)
const LONGEST_ATTRIBUTION = 512
