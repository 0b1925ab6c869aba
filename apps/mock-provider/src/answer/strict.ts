import { type Json, member, numberMember, stringMember } from '@lb/protocol'
import type { ErrorReply } from '../script/answer.ts'
import type { MockRequest } from './request.ts'
import { list } from './turn.ts'

/**
 * What the real APIs refuse and a careless mock lets through: the first thing wrong with a request, in the words of the API.
 *
 * @see https://platform.claude.com/docs/en/api/errors
 */
export function strictProblem(request: MockRequest): ErrorReply | undefined {
  for (const check of CHECKS) {
    const problem = check(request)
    if (problem !== undefined) return problem
  }
  return undefined
}

type Check = (request: MockRequest) => ErrorReply | undefined

const CHECKS: readonly Check[] = [
  (request) => {
    const { headers } = request
    if (headers['authorization'] !== undefined || headers['x-api-key'] !== undefined) return undefined
    return { status: 401, message: 'x-api-key header is required' }
  },
  (request) => {
    if (request.endpoint.dialect !== 'anthropic' || request.headers['anthropic-version'] !== undefined) return undefined
    return invalid('anthropic-version: header is required')
  },
  (request) => {
    const { kind, dialect } = request.endpoint
    if (kind !== 'generate' || dialect !== 'anthropic') return undefined
    const limit = numberMember(request.json, 'max_tokens')
    if (limit === undefined) return invalid('max_tokens: Field required')
    return limit < 1 ? invalid('max_tokens: Input should be greater than or equal to 1') : undefined
  },
  (request) => {
    const field = request.endpoint.dialect === 'openai-responses' ? 'input' : 'messages'
    const value = member(request.json, field)
    if (value === undefined) return invalid(`${field}: Field required`)
    const empty = Array.isArray(value) && value.length === 0
    return empty ? invalid(`${field}: at least one message is required`) : undefined
  },
  (request) =>
    request.endpoint.dialect === 'anthropic' ? toolPairing(list(member(request.json, 'messages'))) : undefined,
]

/** Every tool_use is answered in the next user message, and nothing else is. */
function toolPairing(messages: readonly Json[]): ErrorReply | undefined {
  const spoken = messages.flatMap((message, index) =>
    stringMember(message, 'role') === 'system' ? [] : [{ message, index }],
  )
  for (const [position, { message, index }] of spoken.entries()) {
    const calls = idsOf(message, 'tool_use', 'id')
    const next = spoken[position + 1]?.message
    const results = next === undefined ? [] : idsOf(next, 'tool_result', 'tool_use_id')
    const missing = next === undefined ? [] : calls.filter((id) => !results.includes(id))
    if (missing.length > 0) {
      const where = `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after`
      return invalid(`${where}: ${missing.join(', ')}`)
    }
    const stray = idsOf(message, 'tool_result', 'tool_use_id').find((id) => {
      const before = spoken[position - 1]?.message
      return before === undefined || !idsOf(before, 'tool_use', 'id').includes(id)
    })
    if (stray !== undefined) {
      return invalid(`messages.${index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}`)
    }
  }
  return undefined
}

function idsOf(message: Json, type: string, field: string): readonly string[] {
  return list(member(message, 'content')).flatMap((block) => {
    const id = stringMember(block, 'type') === type ? stringMember(block, field) : undefined
    return id === undefined ? [] : [id]
  })
}

function invalid(message: string): ErrorReply {
  return { status: 400, type: 'invalid_request_error', message }
}
