import type { StreamConverter, StreamReport } from '@lb/convert'
import {
  type CredentialOwner,
  classify,
  createSseDecoder,
  type Failure,
  type Json,
  type JsonObject,
  parseJson,
  type SseEvent,
} from '@lb/protocol'
import type { StreamReader, StreamStep } from './stream-reader.ts'

/** What is different between client dialects. */
export interface ClientEvents<Event> {
  encode(events: readonly Event[]): string
  /** What the attempt loop must know about an event of the client's dialect. */
  roleOf(event: Event): 'opening' | 'content' | 'block-end' | 'error' | 'plain'
  /** Why the answer ended, if this event says so. */
  stopReasonOf(event: Event): string | undefined
}

export interface Converting<Event> {
  readonly converter: StreamConverter<Event>
  readonly client: ClientEvents<Event>
  readonly credential: CredentialOwner
  readonly maxEventBytes: number
}

/** Reads a stream of another dialect and gives the client's own. */
export function convertingReader<Event>(converting: Converting<Event>): StreamReader {
  const { converter } = converting
  const decoder = createSseDecoder({ maxEventLength: converting.maxEventBytes })
  let over = false

  function read({ event, data }: SseEvent): readonly Event[] {
    // A comment is a sign of life, which the arrival of bytes has told already.
    if (data === undefined) return []
    if (data.trim() === '[DONE]') return converter.done()
    const json = parseJson(data)
    if (!json.ok) return converter.fail({ message: 'an event that is not JSON' })
    return event === 'error' ? converter.fail(json.value) : converter.push(json.value)
  }

  function concluded(events: readonly Event[]): readonly StreamStep[] {
    const report = converter.report()
    over = report.phase === 'finished' || report.phase === 'failed'
    return [...bodySteps(events, converting.client), ...endSteps(report, events, converting)]
  }

  return {
    push(chunk) {
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
    // The closing events of a conversion carry all counts in any case.
    replaceOpening() {},
    usage: () => ({ ...converter.report().usage }) as JsonObject,
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

function endSteps<Event>(report: StreamReport, events: readonly Event[], converting: Converting<Event>): StreamStep[] {
  const usage = (report.usage ?? {}) as JsonObject
  const { client, credential } = converting
  if (report.phase === 'finished') {
    const stopReason = events.map((event) => client.stopReasonOf(event)).find((reason) => reason !== undefined) ?? ''
    return [{ step: 'ended', stopReason, usage }]
  }
  if (report.phase !== 'failed') return []
  const error = events.filter((event) => client.roleOf(event) === 'error')
  const failure = failureOf(report.error?.upstream, credential)
  const failed = { step: 'failed', failure, usage } as const
  return [error.length === 0 ? failed : { ...failed, event: Buffer.from(client.encode(error)) }]
}

/** What a converted stream broke on: the upstream's own error, or its end. */
export function failureOf(upstream: Json | undefined, credential: CredentialOwner): Failure {
  return upstream === undefined
    ? classify({ seen: 'stream-end', finished: false })
    : classify({ seen: 'error-event', error: upstream, credential })
}
