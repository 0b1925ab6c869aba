import type { StreamConverter, StreamReport } from '@lb/convert'
import {
  type CredentialOwner,
  classify,
  createSseDecoder,
  type Failure,
  type Json,
  type JsonObject,
  type JsonProblem,
  type JsonTree,
  parseJson,
  type Result,
  type SseEvent,
} from '@lb/protocol'
import type { ClientEvents, UpstreamUsage } from './client-events.ts'
import { mergeUsage } from './merge-usage.ts'
import type { StreamReader, StreamStep } from './stream-reader.ts'

export interface Converting<Event> {
  readonly converter: StreamConverter<Event>
  readonly client: ClientEvents<Event>
  /** Reads the upstream's JSON. */
  readonly parse: (text: string) => Result<JsonTree, JsonProblem>
  /** Absent: the converter knows. */
  readonly usage?: UpstreamUsage | undefined
  readonly credential: CredentialOwner
  readonly maxEventBytes: number
}

/** Reads a stream of another dialect and gives the client's own. */
export function convertingReader<Event>(converting: Converting<Event>): StreamReader {
  const { converter } = converting
  const decoder = createSseDecoder({ maxEventLength: converting.maxEventBytes })
  let over = false
  let hasEvent = false
  let told: JsonObject = {}
  let stopReason = ''

  function read({ event, data }: SseEvent): readonly Event[] {
    // A comment, or data with nothing in it, is a sign of life, which the arrival of bytes has told already.
    if (data === undefined || data.trim() === '') return []
    hasEvent ||= event !== 'ping'
    if (data.trim() === '[DONE]') return converter.done()
    const parsed = converting.parse(data)
    if (!parsed.ok) return converter.fail({ message: event === 'error' ? data : 'an event that is not JSON' })
    // The converters take what is kept as text for the JSON that it is.
    const json = parsed.value as Json
    if (converting.usage !== undefined) told = mergeUsage(told, converting.usage.ofEvent(json))
    return event === 'error' ? converter.fail(json) : converter.push(json)
  }

  function usageOf(report: StreamReport): JsonObject {
    return converting.usage === undefined ? ({ ...report.usage } as JsonObject) : told
  }

  function concluded(events: readonly Event[]): readonly StreamStep[] {
    for (const event of events) stopReason = converting.client.stopReasonOf(event) ?? stopReason
    const steps = bodySteps(events, converting.client)
    const report = converter.report()
    over = report.phase === 'finished' || report.phase === 'failed'
    if (report.phase === 'finished') steps.push({ step: 'ended', stopReason, usage: usageOf(report) })
    if (report.phase === 'failed') steps.push(failedStep(report, usageOf(report), events, converting))
    return steps
  }

  return {
    push(chunk) {
      hasEvent = false
      if (over) return []
      const { events, overflow } = decoder.push(chunk)
      const converted = events.flatMap(read)
      return concluded(
        overflow ? [...converted, ...converter.fail({ message: 'an event that is too long' })] : converted,
      )
    },
    end() {
      if (over) return []
      const { events, truncated } = decoder.end()
      // An event without its blank line counts when it is whole: some servers end like that.
      const whole = truncated
        ? events.filter(({ data }) => data?.trim() === '[DONE]' || parseJson(data ?? '').ok)
        : events
      return concluded([...whole.flatMap(read), ...converter.end()])
    },
    heardEvent: () => hasEvent,
    // The closing events of a conversion carry all counts in any case.
    replaceOpening() {},
    usage: () => usageOf(converter.report()),
    losses: () => converter.report().losses,
  }
}

/** The events for the client: the opening apart, everything else in one piece, an error of the upstream left out. */
function bodySteps<Event>(events: readonly Event[], client: ClientEvents<Event>): StreamStep[] {
  const steps: StreamStep[] = []
  const body: Event[] = []
  let content = false
  for (const event of events) {
    const role = client.roleOf(event)
    if (role === 'opening') steps.push({ step: 'opening', bytes: Buffer.from(client.encode([event])) })
    else if (role !== 'error') body.push(event)
    if (role === 'block-end') steps.push({ step: 'block-completed' })
    content ||= role === 'content'
  }
  if (body.length > 0) steps.push({ step: 'body', bytes: Buffer.from(client.encode(body)), content })
  return steps
}

function failedStep<Event>(
  report: StreamReport,
  usage: JsonObject,
  events: readonly Event[],
  { client, credential }: Converting<Event>,
): StreamStep {
  const error = events.filter((event) => client.roleOf(event) === 'error')
  const failed = { step: 'failed', failure: failureOf(report.error?.upstream, credential), usage } as const
  return error.length === 0 ? failed : { ...failed, event: Buffer.from(client.encode(error)) }
}

/** What a converted stream broke on: the upstream's own error, or its end. */
export function failureOf(upstream: Json | undefined, credential: CredentialOwner): Failure {
  return upstream === undefined
    ? classify({ seen: 'stream-end', finished: false })
    : classify({ seen: 'error-event', error: upstream, credential })
}
