import type { Loss, StreamConverter, StreamReport } from '@lb/convert'
import type { Anthropic, Json } from '@lb/protocol'

/**
 * Two stream conversions as one, with Anthropic's dialect between them: for a client and an upstream that have no direct way.
 *
 * Whatever ends the first ends the second in the same way: a proper end, an error that was written, or one before anything was.
 */
export function chainedStream<Event>(
  first: StreamConverter<Anthropic.Event>,
  second: StreamConverter<Event>,
): StreamConverter<Event> {
  function passed(events: readonly Anthropic.Event[]): readonly Event[] {
    const written = events.flatMap((event) => [...second.push(event as unknown as Json)])
    const { error } = first.report()
    // What failed before it began has written no error event.
    if (error === undefined || second.report().phase === 'failed') return written
    return [...written, ...second.fail(error.body as unknown as Json)]
  }
  return {
    push: (event) => passed(first.push(event)),
    done: () => passed(first.done()),
    fail: (error) => passed(first.fail(error)),
    end: () => passed(first.end()),
    report: () => chainedReport(first.report(), second.report()),
  }
}

/** The second says what the client has seen, the first what the upstream said. */
function chainedReport(first: StreamReport, second: StreamReport): StreamReport {
  const { error } = second
  return {
    ...second,
    error: error === undefined ? undefined : { ...error, upstream: first.error?.upstream },
    usage: first.usage,
    losses: joinedLosses(first.losses, second.losses),
    aside: { ...second.aside, ...first.aside },
    isSatisfied: first.isSatisfied,
  }
}

/** The losses of two steps on one way. */
export function joinedLosses(first: readonly Loss[], second: readonly Loss[]): readonly Loss[] {
  return second.length === 0 ? first : first.length === 0 ? second : [...first, ...second]
}
