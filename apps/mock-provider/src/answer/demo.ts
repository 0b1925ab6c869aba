import type { Reply } from '../script/answer.ts'
import type { Dialect } from '../script/script.ts'
import { asksForStream, type MockRequest, maxTokensOf, modelOf } from './request.ts'
import { sampleOf } from './schema-sample.ts'
import { wordsOf } from './spoken-reply.ts'
import { tokensOfText } from './tokens.ts'
import { requestedCall } from './tool-request.ts'
import { type AskedTurn, readTurn, type ToolResult } from './turn.ts'

/**
 * The ordinary good answer: says what it received, calls a tool when the user obviously asks for one, quotes the tool's result,
 * and follows a schema when one is asked for. It is a function of the request alone.
 *
 * @param name the provider's name, so that whoever watches a failover sees who answered.
 */
export function demoReply(request: MockRequest, name: string): Reply {
  const { dialect } = request.endpoint
  const turn = readTurn(request.json, dialect)
  return withinLimit(replyTo(turn, request, name), maxTokensOf(request))
}

function replyTo(turn: AskedTurn, request: MockRequest, name: string): Reply {
  if (turn.answerSchema !== undefined) {
    const sample = sampleOf(turn.answerSchema, {
      valueFor: (property) => (/title|topic|name/i.test(property) ? titleOf(turn.userText) : undefined),
      text: titleOf(turn.userText),
      optional: true,
    })
    return { text: JSON.stringify(sample) }
  }
  const thinking = turn.thinking ? { thinking: thoughtsAbout(turn) } : {}
  if (turn.toolResults.length > 0) return { ...thinking, text: conclusion(turn.toolResults, name) }
  const call = requestedCall(turn)
  if (call !== undefined) {
    return { ...thinking, text: `I will call ${call.name} for that.`, toolCalls: [call] }
  }
  return { ...thinking, text: greeting(turn, request, name) }
}

const DIALECT_NAMES: { readonly [D in Dialect]: string } = {
  anthropic: 'Anthropic Messages',
  'openai-chat': 'OpenAI Chat Completions',
  'openai-responses': 'OpenAI Responses',
}

const LONGEST_ECHO = 280
const LONGEST_RESULT = 1200

function greeting(turn: AskedTurn, request: MockRequest, name: string): string {
  const how = asksForStream(request) ? 'streamed word by word' : 'sent in one piece'
  const heard =
    turn.userText === '' ? 'Your message had no text.' : `You wrote: “${shortened(turn.userText, LONGEST_ECHO)}”.`
  const tools =
    turn.tools.length === 0
      ? 'Declare a tool and ask for it by name to see a tool call.'
      : `You declared ${turn.tools.length === 1 ? 'a tool; ask for it' : `${turn.tools.length} tools; ask for one`} by name, or say “run \`date\`”, to see a tool call.`
  return (
    `Hello! I am “${name}”, a mock provider: no model and no key is behind me. ${heard} ` +
    `This answer was ${how} in the ${DIALECT_NAMES[request.endpoint.dialect]} format for the model ` +
    `${modelOf(request) || 'you did not name'}. ${tools}`
  )
}

function conclusion(results: readonly ToolResult[], name: string): string {
  const quoted = results.map((result) => {
    const said = shortened(result.text.trim(), LONGEST_RESULT)
    if (said === '') return `${result.name} came back without any output.`
    return result.isError ? `${result.name} failed: “${said}”.` : `${result.name} answered: “${said}”.`
  })
  return `${quoted.join(' ')} That is the whole turn, tool call and result, as “${name}” saw it.`
}

function thoughtsAbout(turn: AskedTurn): string {
  const what =
    turn.toolResults.length > 0 ? 'A tool has answered; I only have to say what it said.' : 'I have no model to ask.'
  return `The user wants to see an answer arrive. ${what} I will say what I received.`
}

/** A few words in title case, for helpers that ask for the title of a conversation. */
function titleOf(text: string): string {
  const words = text
    .replace(/[^\p{L}\p{N}\s'-]/gu, ' ')
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '')
  if (words.length === 0) return 'Mock conversation'
  const [first = '', ...rest] = words.slice(0, 6)
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(' ')
}

/** An answer that is longer than it may be ends at the limit, like a real one. Probes with a limit of 1 get one word. */
function withinLimit(reply: Reply, maxTokens: number | undefined): Reply {
  const text = typeof reply.text === 'string' ? reply.text : ''
  if (maxTokens === undefined || reply.toolCalls !== undefined || tokensOfText(text) <= maxTokens) return reply
  const words = wordsOf(text)
  let kept = 1
  while (tokensOfText(words.slice(0, kept + 1).join('')) <= maxTokens) kept += 1
  return {
    text: words.slice(0, kept).join(''),
    stopReason: 'max_tokens',
    usage: { outputTokens: maxTokens },
  }
}

function shortened(text: string, limit: number): string {
  const characters = Array.from(text)
  return characters.length <= limit ? text : `${characters.slice(0, limit - 1).join('')}…`
}
