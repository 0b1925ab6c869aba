import type { MockRequest } from '../answer/request.ts'
import { asksForStream, modelOf } from '../answer/request.ts'
import { readTurn } from '../answer/turn.ts'
import { isFaultName, withPreset } from '../fault/presets.ts'
import type { Answer } from './answer.ts'
import type { MockScript, Rule, Turn, When } from './script.ts'

/** How far a script has been used. Plain JSON. */
export interface ScriptProgress {
  /** Requests that each rule has answered, by the rule's index. */
  readonly used: readonly number[]
  /** Generating requests that were chosen for; `flaky` counts them. */
  readonly generated: number
}

/** Which answer a request gets, and by what. The answer's preset is filled in. */
export type Choice =
  | {
      readonly kind: 'answer'
      readonly answer: Answer
      readonly by: number | 'flaky' | 'fault' | 'default' | 'harness'
    }
  /** The endpoint's ordinary answer: the demo, the list of models, a token count, a 404. */
  | { readonly kind: 'ordinary' }
  /** It depends on the body, which is not there yet. */
  | { readonly kind: 'needs-body' }

/** What is known of a request: its head only, or all of it. */
export type Stage = 'head' | 'whole'

/** A script nothing of which has been used. */
export const freshProgress: ScriptProgress = { used: [], generated: 0 }

/**
 * Chooses the answer for a request: `flaky`, then the rules in order, then `fault`, `default`, and what the endpoint ordinarily
 * says. At stage `head` only an answer marked `early` is chosen; everything else waits for the body.
 */
export function choose(
  script: MockScript,
  progress: ScriptProgress,
  request: MockRequest,
  stage: Stage,
): { readonly progress: ScriptProgress; readonly choice: Choice } {
  const found = candidate(script, progress, request, stage)
  const choice = found.kind === 'answer' ? { ...found, answer: withPreset(found.answer) } : found
  if (stage === 'head' && !(choice.kind === 'answer' && choice.answer.early !== undefined)) {
    return { progress, choice: { kind: 'needs-body' } }
  }
  if (choice.kind === 'needs-body') return { progress, choice }
  const by = choice.kind === 'answer' ? choice.by : undefined
  const used = (script.rules ?? []).map((_, index) => (progress.used[index] ?? 0) + (index === by ? 1 : 0))
  const generated = progress.generated + (request.endpoint.kind === 'generate' ? 1 : 0)
  return { progress: { used, generated }, choice }
}

function candidate(script: MockScript, progress: ScriptProgress, request: MockRequest, stage: Stage): Choice {
  const generates = request.endpoint.kind === 'generate'
  const { flaky } = script
  if (flaky !== undefined && generates && (progress.generated + 1) % flaky.every === 0) {
    return { kind: 'answer', answer: { fault: flaky.fault }, by: 'flaky' }
  }
  for (const [index, rule] of (script.rules ?? []).entries()) {
    const turn = turnAt(rule, progress.used[index] ?? 0)
    if (turn === undefined) continue
    const matches = matchesRule(rule.when, request, stage)
    if (matches === 'needs-body') return { kind: 'needs-body' }
    if (!matches) continue
    if (typeof turn.answer !== 'function') return { kind: 'answer', answer: turn.answer, by: index }
    return stage === 'head' ? { kind: 'needs-body' } : { kind: 'answer', answer: turn.answer(request), by: index }
  }
  if (!generates) return { kind: 'ordinary' }
  if (script.fault !== undefined && isFaultName(script.fault)) {
    return { kind: 'answer', answer: { fault: script.fault }, by: 'fault' }
  }
  return script.default === undefined ? { kind: 'ordinary' } : { kind: 'answer', answer: script.default, by: 'default' }
}

/** The turn that the next request gets, or `undefined` when the rule is used up. */
function turnAt(rule: Rule, used: number): Turn | undefined {
  let turn: Turn | undefined = rule
  let left = used
  while (turn !== undefined) {
    const repeat: number = turn.repeat ?? (turn.next === undefined ? Number.POSITIVE_INFINITY : 1)
    if (left < repeat) return turn
    left -= repeat
    turn = turn.next
  }
  return undefined
}

function matchesRule(when: Rule['when'], request: MockRequest, stage: Stage): boolean | 'needs-body' {
  if (typeof when === 'function') return stage === 'head' ? 'needs-body' : when(request)
  const conditions = when ?? {}
  if (!matchesHead(conditions, request)) return false
  const readsBody = conditions.model !== undefined || conditions.stream !== undefined || conditions.text !== undefined
  if (!readsBody) return true
  return stage === 'head' ? 'needs-body' : matchesBody(conditions, request)
}

function matchesHead(when: When, request: MockRequest): boolean {
  const { method, path, headers, reusedConnection } = when
  return (
    matchesEndpoint(when.endpoint ?? (path === undefined ? 'generate' : 'any'), request) &&
    (method === undefined || method.toUpperCase() === request.method) &&
    (path === undefined || matchesPattern(path, request.path)) &&
    (reusedConnection === undefined || reusedConnection === request.connection.requestNumber > 1) &&
    Object.entries(headers ?? {}).every(([name, pattern]) => {
      const value = request.headers[name.toLowerCase()]
      return value !== undefined && matchesPattern(pattern, value)
    })
  )
}

function matchesBody(when: When, request: MockRequest): boolean {
  return (
    (when.model === undefined || matchesPattern(when.model, modelOf(request))) &&
    (when.stream === undefined || when.stream === asksForStream(request)) &&
    (when.text === undefined || readTurn(request.json, request.endpoint.dialect).userText.includes(when.text))
  )
}

const DIALECT_WORDS: { readonly [word: string]: MockRequest['endpoint']['dialect'] } = {
  messages: 'anthropic',
  chat: 'openai-chat',
  responses: 'openai-responses',
}

function matchesEndpoint(wanted: NonNullable<When['endpoint']>, request: MockRequest): boolean {
  const { kind, dialect } = request.endpoint
  if (wanted === 'any') return true
  if (wanted === 'models') return kind === 'models' || kind === 'model'
  if (wanted === 'generate' || wanted === 'count-tokens') return kind === wanted
  return kind === 'generate' && dialect === DIALECT_WORDS[wanted]
}

/** `*` stands for any run of characters; everything else for itself. Linear: no regular expression is made from a script. */
export function matchesPattern(pattern: string, text: string): boolean {
  const pieces = pattern.split('*')
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  if (pieces.length === 1) return pattern === text
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let from = first.length
  const until = text.length - last.length
  for (const piece of pieces.slice(1, -1)) {
    const at = text.indexOf(piece, from)
    if (at === -1 || at + piece.length > until) return false
    from = at + piece.length
  }
  return true
}
