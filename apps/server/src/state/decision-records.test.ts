import { messagePolicy, newLoop, stepLoop } from '@lb/router'
import { expect, test } from 'vitest'
import type { ClientRequest } from '../ingress/client-request.ts'
import type { DoneRequest } from '../telemetry/observer.ts'
import { planned } from '../testing/planned.ts'
import type { CompiledConfig } from './compiled-config.ts'
import { createDecisionRecords } from './decision-records.ts'

const clock = { nowMs: () => 5, epochMs: () => 1_795_405_012_000 }
const settings = { decisionRecords: { enabled: true, maxCount: 10, maxBytes: 100_000 } }
const current = (): CompiledConfig => ({ config: { settings } }) as unknown as CompiledConfig
const request = {
  id: 'req_1',
  endpoint: 'messages',
  model: 'm',
  stream: false,
  receivedAtMs: 1,
} as unknown as ClientRequest
const candidate = planned('a', { ttftMs: 7 })

test('a request that was broken off in the middle keeps the end that no event tells of', () => {
  const event = {
    type: 'begin',
    candidates: [candidate],
    retryTokens: 20,
    timeoutMs: 1_000,
    client: 'needs-error',
    refuseChance: 0,
  } as const
  const at = { nowMs: 1, roll: 0.5 }
  const { state } = stepLoop(newLoop, event, at, messagePolicy)
  expect(state.phase.kind).toBe('sending')
  const { observer, get } = createDecisionRecords(clock, current)
  const done = {
    request,
    state: { ...state, phase: { kind: 'over', end: 'gave-up' } },
    candidates: [candidate],
    attempts: new Map(),
    shown: {},
    nowMs: 4,
    features: null,
    policy: messagePolicy,
    log: [{ event, at }],
  } as unknown as DoneRequest
  observer.requestDone?.(done)
  expect(get('req_1')).toMatchObject({
    kind: 'leader',
    candidates: [candidate],
    state: { phase: { kind: 'over', end: 'gave-up' }, attempts: [{ candidate: 'a', outcome: 'running' }] },
    log: [{ event, at }],
  })
})

test('a request that asked no attempt loop keeps its candidates and its end', () => {
  const { observer, get } = createDecisionRecords(clock, current)
  const done = {
    request: { ...request, endpoint: 'count-tokens' },
    state: { ...newLoop, phase: { kind: 'over', end: 'completed' } },
    candidates: [candidate],
    attempts: new Map(),
    shown: { status: 200 },
    nowMs: 4,
    features: null,
    policy: messagePolicy,
    log: [],
  } as unknown as DoneRequest
  observer.requestDone?.(done)
  expect(get('req_1')).toMatchObject({ candidates: [candidate], state: { phase: { end: 'completed' } } })
})
