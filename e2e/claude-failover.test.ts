import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Answer, Edit, MockProvider, MockScript, Turn } from '@lb/mock-provider'
import { isJsonObject, type Json, member, parseJson, stringMember } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { startWorld, type WorldOptions } from '../apps/server/src/testing/world.ts'
import { runClaude, scratchFolder } from './clients/claude-code.ts'

/**
 * What the real client makes of the ways in which lb may end a broken answer. The rules are in docs/proofs/claude-code-hypotheses.md;
 * each run calls a tool that leaves a line in a file, so that a call which ran twice, or half, is seen.
 */

const call = { name: 'Bash', input: { command: 'echo ran >> runs.txt', description: 'Leave a line' } }
const whole: Answer = { reply: { text: ['I ', 'leave ', 'a ', 'line.'], toolCalls: [call] } }
const done: Turn = { answer: { reply: { text: 'all done' } } }

/** A provider that answers as `first` says, then well: a tool call, and after its result the end. */
function script(first: Answer): MockScript {
  return { rules: [{ answer: first, repeat: 1, next: { answer: whole, repeat: 1, next: done } }] }
}

/** A provider that answers well. */
const well: MockScript = { rules: [{ answer: whole, repeat: 1, next: done }] }

/** The same answer, changed. */
function broken(...edits: Edit[]): Answer {
  return { ...whole, edits }
}

interface Outcome {
  readonly stdout: string
  /** What was asked, in order, by all providers. */
  readonly asked: readonly { readonly stream: boolean; readonly messages: readonly Json[] }[]
  /** How often the tool ran. */
  readonly runs: number
}

async function runThroughLb(options: WorldOptions): Promise<Outcome> {
  const { lb, mocks } = await startWorld(options)
  const cwd = scratchFolder('claude-work-')
  const args = ['--allowedTools', 'Bash', '--output-format', 'stream-json', '--verbose', '-p', 'leave a line']
  const run = await runClaude({ baseUrl: lb.url, args, cwd, env: { ANTHROPIC_MODEL: 'claude-sonnet-5-5' } })
  expect(run).toMatchObject({ status: 0, stdout: expect.stringContaining('"result":"all done"') })
  const file = join(cwd, 'runs.txt')
  const runs = existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0
  return { stdout: run.stdout, asked: askedOf(mocks), runs }
}

function askedOf(mocks: readonly MockProvider[]): Outcome['asked'] {
  return mocks
    .flatMap(({ requests }) => requests)
    .filter(({ method }) => method === 'POST')
    .sort((one, other) => one.receivedMs - other.receivedMs)
    .map(({ text }) => {
      const body = parseJson(text)
      const messages = body.ok ? member(body.value, 'messages') : undefined
      return {
        stream: body.ok && member(body.value, 'stream') === true,
        messages: Array.isArray(messages) ? messages : [],
      }
    })
}

/** Every tool call of the last transcript has run once and has one result; no other has run. */
function expectNoDoubleCall({ asked, runs }: Outcome): void {
  const blocks = asked.at(-1)?.messages.flatMap((message) => contentOf(message)) ?? []
  const ids = (type: string, key: string): (string | undefined)[] =>
    blocks.filter((block) => stringMember(block, 'type') === type).map((block) => stringMember(block, key))
  const calls = ids('tool_use', 'id')
  expect(new Set(calls).size).toBe(calls.length)
  expect(ids('tool_result', 'tool_use_id')).toEqual(calls)
  expect(runs).toBe(calls.length)
}

function contentOf(message: Json): readonly Json[] {
  const content = isJsonObject(message) ? message['content'] : undefined
  return Array.isArray(content) ? content : []
}

function textsOf({ asked }: Outcome): (string | undefined)[] {
  return (asked.at(-1)?.messages ?? [])
    .filter((message) => stringMember(message, 'role') === 'assistant')
    .flatMap(contentOf)
    .filter((block) => stringMember(block, 'type') === 'text')
    .map((block) => stringMember(block, 'text'))
}

describe('the real claude program does not notice', () => {
  test.each<[string, Answer]>([
    ['529', { error: { status: 529 } }],
    [
      'an error event after message_start',
      broken({ at: 'after-start', insert: [{ error: 'overloaded_error' }], end: 'clean' }),
    ],
    ['a connection that drops after message_start', broken({ at: 'after-start', end: 'reset' })],
  ])('%s', async (_, first) => {
    const outcome = await runThroughLb({ scripts: [{ default: first }, well] })
    expect(outcome.stdout).not.toContain('api_retry')
    expect(textsOf(outcome)).toEqual(['I leave a line.'])
    expect(outcome.asked.every(({ stream }) => stream)).toBe(true)
    expect(outcome.runs).toBe(1)
    expectNoDoubleCall(outcome)
  })

  test('529 of its only provider, then fine', async () => {
    const outcome = await runThroughLb({ scripts: [script({ error: { status: 529 } })] })
    expect(outcome.stdout).not.toContain('api_retry')
    expect(outcome.runs).toBe(1)
    expectNoDoubleCall(outcome)
  })
})

describe('the real claude program asks again by itself, as a stream, when an answer breaks in its first block', () => {
  const stallsSoon = ['timeouts: { streaming: { read_timeout: 2 } }']
  test.each<[string, Edit, readonly string[]]>([
    ['a cut', { at: 'mid-text', end: 'reset' }, []],
    ['an error event', { at: 'mid-text', insert: [{ error: 'overloaded_error' }], end: 'clean' }, []],
    ['a stall', { at: 'mid-text', end: 'stall' }, stallsSoon],
  ])('%s', async (_, edit, settings) => {
    const outcome = await runThroughLb({ scripts: [script(broken(edit))], settings })
    // The broken one, the same again, and the tool's result.
    expect(outcome.asked.map(({ stream }) => stream)).toEqual([true, true, true])
    expect(textsOf(outcome)).toEqual(['I leave a line.'])
    expect(outcome.runs).toBe(1)
    expectNoDoubleCall(outcome)
  })
})

describe('the real claude program keeps the blocks that were whole, and never runs half a call', () => {
  test.each<[string, Edit, number]>([
    ['a connection that drops in the call', { at: 'mid-tool', end: 'reset' }, 1],
    ['an error event in the call', { at: 'mid-tool', insert: [{ error: 'overloaded_error' }], end: 'clean' }, 1],
    ['a connection that drops after a whole text', { at: 'after-block', end: 'reset' }, 1],
    ['a connection that drops after a whole call', { at: 'before-stop', end: 'reset' }, 2],
  ])('%s', async (_, edit, runs) => {
    const outcome = await runThroughLb({ scripts: [script(broken(edit))] })
    expect(outcome.asked.every(({ stream }) => stream)).toBe(true)
    expect(outcome.runs).toBe(runs)
    expectNoDoubleCall(outcome)
  })
})
