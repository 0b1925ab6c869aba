import type { ConvertedAnswer, FailedAnswer, StreamConverter, UpstreamError } from '@lb/convert'
import {
  type CredentialOwner,
  classify,
  encodeSseEvent,
  err,
  type Failure,
  isJsonObject,
  type Json,
  type JsonProblem,
  type JsonTree,
  member,
  ok,
  type Result,
  stringifyJson,
} from '@lb/protocol'
import type { Adapter } from './adapter.ts'
import type { ClientEvents, UpstreamUsage } from './client-events.ts'
import { convertingReader, failureOf } from './converting-reader.ts'

/** What is different between two dialects, for the answers of one attempt. `Event`: the client's. */
export interface Conversion<Event> {
  readonly client: ClientEvents<Event>
  /** Reads the upstream's JSON; what belongs to the model stays its own text. */
  readonly parse: (text: string) => Result<JsonTree, JsonProblem>
  /** Absent: the converter says what was used. */
  readonly usage?: UpstreamUsage
  stream(): StreamConverter<Event>
  whole(body: JsonTree): Result<ConvertedAnswer<object>, FailedAnswer>
  /** A whole answer as the stream that stands for it in the upstream's dialect. */
  explode(body: JsonTree): string
  /** A refusal in the client's words. */
  readonly readRefusal: Adapter['readRefusal']
}

/** Between a client and an upstream of another dialect. */
export function convertingAdapter<Event>(conversion: Conversion<Event>): Adapter {
  const { client, parse, usage } = conversion
  return {
    createReader: (credential, maxEventBytes) =>
      convertingReader({ converter: conversion.stream(), client, parse, usage, credential, maxEventBytes }),
    readWhole(body, credential) {
      if (body.length === 0) return err(classify({ seen: 'bad-response', reason: 'empty' }))
      const parsed = parse(body.toString('utf8'))
      if (!parsed.ok) return err(classify({ seen: 'bad-response', reason: 'invalid-json' }))
      if (saysError(parsed.value)) return err(failureOf(parsed.value as Json, credential))
      const converted = conversion.whole(parsed.value)
      if (!converted.ok) return err(wholeFailure(converted.error.upstream, credential))
      const { value, losses } = converted.value
      const own = usage?.ofAnswer(parsed.value as Json)
      const { stopReason, usage: counts } = client.factsIn(value as Json)
      const answer = { body: Buffer.from(stringifyJson(value)), usage: isJsonObject(own) ? own : counts, losses }
      return ok(stopReason === undefined ? answer : { ...answer, stopReason })
    },
    explode(body) {
      const parsed = parse(body.toString('utf8'))
      if (!parsed.ok) return err(classify({ seen: 'bad-response', reason: 'invalid-json' }))
      const { value } = parsed
      return ok(
        Buffer.from(saysError(value) ? encodeSseEvent('error', stringifyJson(value)) : conversion.explode(value)),
      )
    },
    readRefusal: conversion.readRefusal,
  }
}

/** Reads refusals by one of the converters. */
export function refusalBy(convert: (error: UpstreamError) => ConvertedError): Adapter['readRefusal'] {
  return ({ status, headers, body, epochMs }) => {
    const converted = convert({ status, headers, body: body.toString('utf8'), epochMs })
    const told = { 'content-type': 'application/json', ...converted.headers }
    return { ...converted, headers: told, body: Buffer.from(JSON.stringify(converted.body)) }
  }
}

interface ConvertedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/** An error in the place of an answer, whatever its status said. One beside an answer is the converter's to judge: it may be empty. */
function saysError(body: JsonTree): boolean {
  const choices = member(body as Json, 'choices')
  const hasAnswer = Array.isArray(choices) && choices.length > 0
  return !hasAnswer && (member(body as Json, 'error') ?? null) !== null
}

function wholeFailure(upstream: Json | undefined, credential: CredentialOwner): Failure {
  return upstream === undefined
    ? classify({ seen: 'bad-response', reason: 'not-a-message' })
    : failureOf(upstream, credential)
}
