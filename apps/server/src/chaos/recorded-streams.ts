import { existsSync, readFileSync } from 'node:fs'
import { isJsonObject, type Json, member, parseJson, stringMember } from '@lb/protocol'

/** How an upstream speaks in the matrix. */
export type UpstreamDialect = 'anthropic' | 'chat'

/** A real answer as a provider streamed it, cut into its events. */
export interface RecordedStream {
  readonly id: string
  readonly dialect: UpstreamDialect
  /** Each with its blank line; together the stream's bytes. */
  readonly events: readonly Buffer[]
}

const corpus = process.env['LB_CORPUS'] ?? '../shared/corpus'

/**
 * Streams that real providers sent, shortest first. They are no part of the project: without them there are none, which is said
 * loudly, and is an error in CI.
 *
 * @param maxEvents longer streams are left out.
 */
export function recordedStreams(dialect: UpstreamDialect, maxEvents: number): readonly RecordedStream[] {
  const name = dialect === 'anthropic' ? 'anthropic-messages' : 'openai-chat'
  const texts = new Set<string>()
  const streams = ['recorded', 'fixture'].flatMap((kind) =>
    linesOf(`${corpus}/${name}.${kind}.jsonl`).flatMap((line) => {
      const body = stringMember(line, 'response_body')
      const isWhole = body !== undefined && endsWell(body, dialect)
      if (member(line, 'stream') !== true || member(line, 'status') !== 200 || !isWhole || texts.has(body)) return []
      texts.add(body)
      return [{ id: stringMember(line, 'id') ?? '', dialect, events: eventsOf(body) }]
    }),
  )
  return streams
    .filter(({ events }) => events.length <= maxEvents)
    .sort((one, other) => one.events.length - other.events.length)
}

function linesOf(file: string): Json[] {
  if (!existsSync(file)) {
    const what = `MISSING ${file}: set LB_CORPUS, or no real stream is tried`
    // Somebody has said that it is there.
    if (process.env['LB_CORPUS'] !== undefined) throw new Error(what)
    console.warn(what)
    return []
  }
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const parsed = parseJson(line)
      return parsed.ok ? [parsed.value] : []
    })
}

function endsWell(body: string, dialect: UpstreamDialect): boolean {
  if (dialect === 'chat') return body.includes('[DONE]')
  // Some published streams are two answers spliced together.
  return body.includes('message_stop') && body.match(/^event: message_start$/gm)?.length === 1
}

function eventsOf(body: string): Buffer[] {
  const whole = body.endsWith('\n\n') ? body : `${body.trimEnd()}\n\n`
  return whole.split(/(?<=\n\n)/).map((event) => Buffer.from(event))
}

/** The data of an event, parsed; `undefined` where it is no JSON object. By eye, not by lb's own parser. */
export function dataOf(event: Buffer): Json | undefined {
  const text = /^data: ?(.*)$/m.exec(event.toString())?.[1]
  if (text === undefined) return undefined
  const parsed = parseJson(text)
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined
}
