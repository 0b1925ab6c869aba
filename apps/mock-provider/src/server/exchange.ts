import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Composed, compose, type Setting } from '../answer/compose.ts'
import { demoReply } from '../answer/demo.ts'
import { defaultModels } from '../answer/models.ts'
import { type Choice, choose, freshProgress, type ScriptProgress, type Stage } from '../script/choose.ts'
import { type HarnessContext, harnessAnswer } from '../script/harness.ts'
import type { Dialect, MockScript } from '../script/script.ts'
import { planBytes } from '../wire/plan.ts'
import type { MockClock } from './clock.ts'
import type { Connection } from './connection.ts'
import { play } from './play.ts'
import { receiveBody, recordHead } from './receive.ts'
import type { OpenRecord, Recorder } from './recorder.ts'

/** Serves requests with a script: receives, chooses, composes, plans, plays, records. */
export interface Exchange {
  serve(connection: Connection, request: IncomingMessage, response: ServerResponse, mustContinue: boolean): void
  /** Replaces the script; its counts start anew. */
  setScript(script: MockScript): void
  /** The scenario of the predecessor's harness, for requests to `/mock-provider/{name}/…`. */
  harness: HarnessContext | undefined
}

/** A day in the past, so that nothing depends on today. */
const DEFAULT_EPOCH_MS = Date.UTC(2026, 0, 15, 12)
const ALL_DIALECTS: readonly Dialect[] = ['anthropic', 'openai-chat', 'openai-responses']

/** Makes an exchange that has no script yet: the demo answers. */
export function createExchange(recorder: Recorder, clock: MockClock): Exchange {
  const state: State = { recorder, clock, script: {}, progress: freshProgress, harness: undefined }
  return {
    get harness() {
      return state.harness
    },
    set harness(context) {
      state.harness = context
    },
    serve(connection, request, response, mustContinue) {
      connection.busy += 1
      connection.queue = connection.queue
        .then(() => serveOne(state, connection, request, mustContinue))
        .then(() => {
          connection.busy -= 1
          release(response)
        })
    },
    setScript(next) {
      state.script = next
      state.progress = freshProgress
    },
  }
}

interface State {
  readonly recorder: Recorder
  readonly clock: MockClock
  script: MockScript
  progress: ScriptProgress
  harness: HarnessContext | undefined
}

async function serveOne(
  state: State,
  connection: Connection,
  request: IncomingMessage,
  mustContinue: boolean,
): Promise<void> {
  const { recorder } = state
  connection.requests += 1
  const record = recordHead(recorder, connection, request, state.script.dialects ?? ALL_DIALECTS)
  if (connection.resetOnReuse) {
    recorder.end(record, 'refused')
    connection.raw.resetAndDestroy()
    return
  }
  const early = decide(state, record, 'head')
  if (early.kind === 'answer') {
    const body = early.answer.early === 'stop-reading' ? undefined : receiveBody(request, record)
    recorder.received(record)
    await answer(state, early, record, connection, request)
    await body
    return
  }
  if (mustContinue) request.socket.write('HTTP/1.1 100 Continue\r\n\r\n')
  const whole = await receiveBody(request, record)
  if (!whole) return recorder.end(record, 'client-left', connection.goneMs)
  recorder.received(record)
  await answer(state, decide(state, record, 'whole'), record, connection, request)
}

function decide(state: State, record: OpenRecord, stage: Stage): Choice {
  if (record.provider !== undefined) {
    if (stage === 'head') return { kind: 'needs-body' }
    return { kind: 'answer', answer: harnessAnswer(state.harness, record.provider, record), by: 'harness' }
  }
  try {
    const { progress, choice } = choose(state.script, state.progress, record, stage)
    state.progress = progress
    return choice
  } catch (error) {
    // Scripts in code may throw; the request says so, and the process lives on.
    return problemAnswer(record, String(error))
  }
}

async function answer(
  state: State,
  choice: Choice,
  record: OpenRecord,
  connection: Connection,
  request: IncomingMessage,
): Promise<void> {
  const setting = settingOf(state.script, state.clock)
  record.answeredBy = choice.kind === 'answer' ? choice.by : 'ordinary'
  const plan = planBytes(composed(choice, record, setting), {
    dialect: record.endpoint.dialect,
    method: record.method,
    lastRequest: /\bclose\b/i.test(record.headers['connection'] ?? '') || record.httpVersion === '1.0',
    chunksAllowed: record.httpVersion !== '1.0',
    paceMs: setting.paceMs,
    seed: setting.seed,
    requestNumber: record.number,
  })
  const sent = (bytes: number) => {
    record.bytesSent += bytes
  }
  const end = await play(plan, request.socket, connection, state.clock, { sent })
  const played = plan.whole ? 'answered' : 'broken'
  state.recorder.end(record, end === 'played' ? played : 'client-left', connection.goneMs)
}

function composed(choice: Choice, record: OpenRecord, setting: Setting): Composed {
  assertChosen(choice)
  const first = compose(choice, record, setting)
  if (first.ok) return first.value
  const second = compose(problemAnswer(record, first.error), record, setting)
  if (second.ok) return second.value
  throw new Error(second.error)
}

function assertChosen(choice: Choice): asserts choice is Exclude<Choice, { kind: 'needs-body' }> {
  if (choice.kind === 'needs-body') throw new Error('the whole request is there')
}

/** A script that cannot be played must look neither like a healthy provider nor like a fault that was asked for. */
function problemAnswer(record: OpenRecord, problem: string): Extract<Choice, { kind: 'answer' }> {
  record.problem = problem
  const error = { status: 500, message: `mock script: ${problem}` }
  return { kind: 'answer', answer: { error, headers: { 'x-mock-problem': 'script' } }, by: 'default' }
}

/**
 * Hands the connection back to Node's parser. The answer's bytes went straight to the socket, so the `ServerResponse` was
 * never used; its `finish` event is what Node waits for before it serves the next request of this connection.
 */
function release(response: ServerResponse): void {
  response.emit('finish')
}

function settingOf(script: MockScript, clock: MockClock): Setting {
  return {
    name: script.name ?? 'mock',
    seed: script.seed ?? 1,
    epochMs: script.epochMs === 'now' ? clock.epochMs() : (script.epochMs ?? DEFAULT_EPOCH_MS),
    models: script.models ?? defaultModels,
    paceMs: script.paceMs ?? 0,
    strict: script.strict ?? false,
    demo: (request) => demoReply(request, script.name ?? 'mock'),
  }
}
