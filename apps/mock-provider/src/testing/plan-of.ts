import { compose, type Setting } from '../answer/compose.ts'
import { demoReply } from '../answer/demo.ts'
import { endpointOf, type MockRequest } from '../answer/request.ts'
import { withPreset } from '../fault/presets.ts'
import type { Answer } from '../script/answer.ts'
import { type BytePlan, planBytes } from '../wire/plan.ts'
import { parseRaw, type RawResponse } from './raw-client.ts'

/** A question that every dialect understands. */
export const QUESTION: { readonly model: string; readonly max_tokens: number; readonly [field: string]: unknown } = {
  model: 'claude-sonnet-5-5',
  max_tokens: 400,
  messages: [{ role: 'user', content: 'hello' }],
  input: 'hello',
}

/** The settings of a script that sets nothing. */
export const SETTING: Setting = {
  name: 'mock',
  seed: 1,
  epochMs: Date.UTC(2026, 0, 15, 12),
  models: [],
  paceMs: 0,
  strict: false,
  demo: (asked) => demoReply(asked, 'mock'),
}

/** A request as the exchange would hand it to the pure part. */
export function requestOf(path: string, json: MockRequest['json'], headers: MockRequest['headers'] = {}): MockRequest {
  return {
    number: 1,
    method: json === undefined ? 'GET' : 'POST',
    path,
    query: '',
    headers,
    body: Buffer.from(JSON.stringify(json ?? '')),
    json,
    endpoint: endpointOf(json === undefined ? 'GET' : 'POST', path, headers, DIALECTS),
    connection: { id: 1, requestNumber: 1 },
  }
}

const DIALECTS = ['anthropic', 'openai-chat', 'openai-responses'] as const

/** The plan of an answer to {@link QUESTION}. @throws if the script has a problem. */
export function planOf(given: Answer, path = '/v1/messages', stream = true): BytePlan {
  const answer = withPreset(given)
  const whole = JSON.parse(JSON.stringify({ ...QUESTION, stream }))
  // An early answer is chosen before the body is known.
  const request = { ...requestOf(path, whole), ...(answer.early === undefined ? {} : { json: undefined }) }
  const composed = compose({ kind: 'answer', answer, by: 'fault' }, request, SETTING)
  if (!composed.ok) throw new Error(composed.error)
  return planBytes(composed.value, {
    dialect: request.endpoint.dialect,
    method: 'POST',
    lastRequest: false,
    chunksAllowed: true,
    paceMs: 0,
    seed: 1,
    requestNumber: 1,
  })
}

/** What an answer says on the wire, taken apart. @throws if it has no head. */
export function responseOf(answer: Answer, path = '/v1/messages', stream = true): RawResponse & { end: string } {
  const plan = planOf(answer, path, stream)
  const response = parseRaw(wireBytes(plan))
  if (response === undefined) throw new Error('there is no response')
  return { ...response, end: plan.end.kind }
}

/** All the bytes of a plan, one after the other. Not for plans of 100 MB. */
export function wireBytes(plan: BytePlan): Buffer {
  return Buffer.concat(
    plan.steps.flatMap((step) => {
      if (step.kind === 'pause') return []
      return step.kind === 'bytes' ? [step.bytes] : Array.from({ length: step.times }, () => step.bytes)
    }),
  )
}
