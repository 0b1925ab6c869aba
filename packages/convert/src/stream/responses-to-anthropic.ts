import {
  type Anthropic,
  isJsonObject,
  type Json,
  type JsonObject,
  member,
  numberMember,
  stringMember,
} from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import { convertOpenAiStreamErrorToAnthropic, errorBody } from '../errors/openai-to-anthropic.ts'
import { anthropicUsageOfResponses } from '../usage/responses-to-anthropic.ts'
import { type Answer, type AnswerOptions, createAnswer } from './answer.ts'
import { behindDoor } from './door.ts'
import type { StreamConverter } from './report.ts'
import {
  argumentsDelta,
  createResponsesItems,
  itemAdded,
  itemDone,
  placeOf,
  type ResponsesItems,
  refusalDelta,
  rest,
  textDelta,
  thinkingDelta,
} from './responses-items.ts'

/**
 * Converts a Responses stream into an Anthropic one.
 *
 *   waiting ── first content (or first event) ──▶ started ── response.completed, response.incomplete ──▶ finished
 *      │                                            │
 *      └──── response.failed, error, end without one of these ──┴──▶ failed
 *
 * The stream says everything twice: as deltas, then whole when an item is done, then whole again at the end. Deltas are
 * written as they come; what they left out is taken from the item.
 *
 * @param context what the conversion of the request gave.
 * @see https://platform.openai.com/docs/api-reference/responses-streaming
 */
export function createResponsesToAnthropicStream(
  context: ConversionContext,
  options: AnswerOptions = {},
): StreamConverter<Anthropic.Event> {
  const answer = createAnswer(context, options)
  const items = createResponsesItems(answer, context)
  const numbers = createNumberCheck(answer)
  const placed = createPlaces()
  const cutOff = (): void => {
    if (items.text.foundStop() !== undefined) finish('completed', {}, answer, items)
    else answer.fail(500, errorBody('api_error', 'upstream stream ended early', null))
  }
  return behindDoor({
    ...answer,
    push(event) {
      numbers(event)
      readEvent(placed(event), answer, items)
    },
    // The mark of Chat streams, which some servers send here, too. It says nothing that the last event did not say.
    mark: cutOff,
    fail: (error) => failWith(error, answer),
    close: cutOff,
    report: () => answer.report(items.text.foundStop() !== undefined),
  })
}

/**
 * A whole body as the event that says the same: an answer is what the last event of a stream holds, an error is an error,
 * and some servers send that last event itself.
 */
export function responsesBodyAsEvent(body: Json): Json {
  const isEvent = String(member(body, 'type')).startsWith('response.') || isError(body)
  return isEvent || !Array.isArray(member(body, 'output')) ? body : { type: 'response.completed', response: body }
}

/** Events are numbered. A gap means that something was lost on the way. */
function createNumberCheck(answer: Answer): (event: Json) => void {
  let last: number | undefined
  return (event) => {
    const number = numberMember(event, 'sequence_number')
    if (number === undefined) return
    if (last !== undefined && number !== last + 1) answer.notes.loss('event_missing', '')
    last = number
  }
}

/** Servers that leave `output_index` out name the item by its id; items are counted in the order of their first words. */
function createPlaces(): (event: Json) => Json {
  const places = new Map<string, number>()
  return (event) => {
    if (!isJsonObject(event) || numberMember(event, 'output_index') !== undefined) return event
    const id = stringMember(event, 'item_id') ?? stringMember(event['item'], 'id')
    if (id === undefined) return event
    const place = places.get(id) ?? places.size
    places.set(id, place)
    return { ...event, output_index: place }
  }
}

type Reader = (event: JsonObject, answer: Answer, items: ResponsesItems) => void

/** One function for each event that says something. */
const readers: Readonly<Record<string, Reader>> = {
  'response.created': begin,
  'response.in_progress': begin,
  'response.queued': begin,
  'response.output_item.added': (event, _answer, items) => itemAdded(items, indexOf(event), itemOf(event)),
  'response.output_item.done': (event, _answer, items) => itemDone(items, indexOf(event), itemOf(event)),
  'response.output_text.delta': (event, _answer, items) =>
    textDelta(items, indexOf(event), partOf(event), deltaOf(event)),
  'response.refusal.delta': (event, _answer, items) =>
    refusalDelta(items, indexOf(event), partOf(event), deltaOf(event)),
  'response.reasoning_summary_text.delta': summaryDelta,
  'response.reasoning_text.delta': reasoningDelta,
  'response.function_call_arguments.delta': (event, _answer, items) =>
    argumentsDelta(items, indexOf(event), deltaOf(event)),
  'response.output_text.done': (event, _answer, items) =>
    textDelta(items, indexOf(event), partOf(event), restOf(event, 'text', items)),
  'response.refusal.done': (event, _answer, items) =>
    refusalDelta(items, indexOf(event), partOf(event), restOf(event, 'refusal', items)),
  'response.function_call_arguments.done': (event, _answer, items) =>
    argumentsDelta(items, indexOf(event), restOf(event, 'arguments', items)),
  'response.completed': end,
  'response.incomplete': end,
  'response.failed': end,
  error: (event, answer) => failWith(event, answer),
}

function summaryDelta(event: JsonObject, _answer: Answer, items: ResponsesItems): void {
  const part = numberMember(event, 'summary_index') ?? 0
  thinkingDelta(items, indexOf(event), part, { text: deltaOf(event), kind: 'summary' })
}

function reasoningDelta(event: JsonObject, _answer: Answer, items: ResponsesItems): void {
  thinkingDelta(items, indexOf(event), partOf(event), { text: deltaOf(event), kind: 'content' })
}

/** What the whole of a part says that its pieces have not said. */
function restOf(event: JsonObject, name: string, items: ResponsesItems): string {
  return rest(items, indexOf(event), partOf(event), stringMember(event, name) ?? '')
}

function readEvent(event: Json, answer: Answer, items: ResponsesItems): void {
  const type = stringMember(event, 'type') ?? ''
  const reader = Object.hasOwn(readers, type) ? readers[type] : undefined
  if (reader !== undefined && isJsonObject(event)) reader(event, answer, items)
  else if (isError(event)) failWith(event, answer)
  // The API has many events that only repeat, announce, or belong to calls that the provider runs.
  else if (!type.startsWith('response.')) answer.notes.loss('event_unexpected', '', type)
  if (!answer.isEnded()) answer.failWithProblem()
}

function isError(event: Json): boolean {
  return (member(event, 'error') ?? null) !== null || member(event, 'object') === 'error'
}

function indexOf(event: JsonObject): number {
  return numberMember(event, 'output_index') ?? 0
}

function partOf(event: JsonObject): number {
  return numberMember(event, 'content_index') ?? 0
}

function deltaOf(event: JsonObject): string {
  return stringMember(event, 'delta') ?? ''
}

function itemOf(event: JsonObject): JsonObject {
  const { item } = event
  return isJsonObject(item) ? item : {}
}

function begin(event: JsonObject, answer: Answer): void {
  const response = member(event, 'response')
  answer.identify(stringMember(response, 'id') ?? '', stringMember(response, 'model') ?? '')
  answer.begin()
}

/** The last event holds the whole response: how it ended, what it cost, and items that no event had announced. */
function end(event: JsonObject, answer: Answer, items: ResponsesItems): void {
  begin(event, answer)
  const response = member(event, 'response')
  if (!isJsonObject(response)) {
    answer.fail(500, errorBody('api_error', 'upstream ended without a response', null), event)
    return
  }
  const output = Array.isArray(response['output']) ? response['output'] : []
  for (const [index, item] of output.entries())
    if (isJsonObject(item)) itemDone(items, placeOf(items, index, item), item)
  if (response['usage'] !== undefined && response['usage'] !== null) {
    const usage = anthropicUsageOfResponses(response['usage'], answer.notes)
    answer.charge({ ...usage, service_tier: tierOf(response['service_tier']) })
  }
  const status = stringMember(response, 'status') ?? String(event['type']).replace('response.', '')
  finish(status, response, answer, items)
}

function tierOf(tier: Json | undefined): Anthropic.Usage['service_tier'] {
  if (tier === 'default') return 'standard'
  return tier === 'priority' ? 'priority' : null
}

function finish(status: string, response: JsonObject, answer: Answer, items: ResponsesItems): void {
  items.text.flush()
  const sequence = items.text.foundStop()
  const isWhole = status === 'completed' || status === 'complete'
  if (sequence === undefined && !isWhole && status !== 'incomplete') {
    failWith(response['error'] ? response : { error: { message: `the response ended as ${status}` } }, answer)
    return
  }
  answer.close(sequence !== undefined || !isWhole)
  if (sequence !== undefined) answer.finish({ reason: 'stop_sequence', sequence })
  else answer.finish({ reason: isWhole ? wholeReason(answer, items) : cutReason(response, answer), sequence: null })
}

function wholeReason(answer: Answer, items: ResponsesItems): Anthropic.StopReason {
  if (items.hasRefusal) return 'refusal'
  return answer.writer.wroteCall() ? 'tool_use' : 'end_turn'
}

function cutReason(response: JsonObject, answer: Answer): Anthropic.StopReason {
  const reason = stringMember(response['incomplete_details'], 'reason') ?? ''
  if (reason === 'content_filter') return 'refusal'
  if (reason !== 'max_output_tokens') answer.notes.loss('finish_unknown', '/incomplete_details/reason', reason)
  return 'max_tokens'
}

function failWith(error: Json, answer: Answer): void {
  const { status, body } = convertOpenAiStreamErrorToAnthropic(error)
  answer.fail(status, body, error)
}
