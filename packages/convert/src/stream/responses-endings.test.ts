import type { Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { contextFor } from '../../testing/context.ts'
import { added, args, call, codes, completed, created, message, text, usage } from '../../testing/responses-events.ts'
import { brief, responsesStream } from '../../testing/streams.ts'
import { namedProfiles } from '../index.ts'
import { createResponsesToAnthropicStream } from './responses-to-anthropic.ts'

function never(): never {
  throw new Error('the profile is there')
}

describe('how it ends', () => {
  const incomplete = (reason: string): Json => ({
    type: 'response.incomplete',
    response: { status: 'incomplete', incomplete_details: { reason }, usage },
  })

  test.each([
    ['max_output_tokens', 'max_tokens'],
    ['content_filter', 'refusal'],
    ['weird', 'max_tokens'],
  ])('incomplete because of %s is %s', (reason, expected) => {
    const outcome = responsesStream([added(0, call('')), args(0, '{"x'), incomplete(reason)])
    expect(brief(outcome.events).slice(1)).toEqual([
      '0 tool_use call_1 Bash',
      '0 + {"x',
      '0 .',
      `end ${expected}`,
      'stop',
    ])
    expect(codes(outcome)).toEqual(reason === 'weird' ? ['finish_unknown'] : [])
  })

  test('failed is an error, before or after content', () => {
    const failed = {
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'slow' } },
    }
    expect(responsesStream([created, failed])).toMatchObject({
      events: [],
      report: { error: { isPreStream: true, status: 429 } },
    })
    expect(brief(responsesStream([text(0, 'x'), failed]).events).at(-1)).toBe('error rate_limit_error: slow')
  })

  test('a status that is no end is an error', () => {
    expect(responsesStream([completed([], { status: 'queued' })]).report.error?.body).toMatchObject({
      error: { message: 'the response ended as queued' },
    })
    expect(brief(responsesStream([completed([message('x')], { status: 'complete' })]).events).at(-2)).toBe(
      'end end_turn',
    )
  })

  test('an end without a response is an error', () => {
    expect(responsesStream([{ type: 'response.completed' }]).report.error?.body).toMatchObject({
      error: { message: 'upstream ended without a response' },
    })
  })

  test('an error event is an error, in either form', () => {
    expect(
      brief(responsesStream([text(0, 'x'), { type: 'error', code: 'server_error', message: 'broke' }]).events).at(-1),
    ).toBe('error api_error: broke')
    expect(brief(responsesStream([text(0, 'x'), { error: { message: 'broke' } }]).events).at(-1)).toBe(
      'error api_error: broke',
    )
  })

  test('a stream that is cut is an error', () => {
    expect(brief(responsesStream([text(0, 'x')]).events)).toEqual([
      'start',
      '0 text',
      '0 + x',
      'error api_error: upstream stream ended early',
    ])
  })

  test('an end mark is no end, and behind the end it means nothing', () => {
    const stream = createResponsesToAnthropicStream(contextFor(namedProfiles['openai-responses'] ?? never()))
    stream.push(completed([message('x')]))
    expect([stream.done(), stream.end()]).toEqual([[], []])
    expect(stream.report().losses).toEqual([])
    const cut = createResponsesToAnthropicStream(contextFor(namedProfiles['openai-responses'] ?? never()))
    expect([cut.done(), cut.report().phase]).toEqual([[], 'failed'])
  })

  test('what comes behind the end is reported', () => {
    expect(codes(responsesStream([completed([message('x')]), text(1, 'late')]))).toEqual(['data_after_end'])
  })

  test('the host can end it', () => {
    const stream = createResponsesToAnthropicStream(contextFor(namedProfiles['openai-responses'] ?? never()))
    stream.push(text(0, 'x'))
    expect(brief(stream.fail({ message: 'reset' }))).toEqual(['error api_error: reset'])
  })

  test('no usage is a loss', () => {
    expect(codes(responsesStream([completed([message('x')], { usage: null })]))).toEqual(['usage_missing'])
  })

  test('the service tier is translated', () => {
    const tier = (service_tier: string) =>
      responsesStream([completed([message('x')], { service_tier })]).report.usage?.service_tier
    expect([tier('default'), tier('priority'), tier('flex')]).toEqual(['standard', 'priority', null])
  })
})
