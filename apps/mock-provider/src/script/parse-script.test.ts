import { expect, test } from 'vitest'
import { faultNames } from '../fault/presets.ts'
import { nearest } from './nearest.ts'
import { formatProblem, parseScript } from './parse-script.ts'

function problems(source: string): readonly string[] {
  const parsed = parseScript(source)
  return parsed.ok ? [] : parsed.error.map((problem) => formatProblem('f.yaml', problem))
}

test('a script with every field is read as it is written', () => {
  const script = {
    name: 'x',
    seed: 2,
    epochMs: 'now',
    dialects: ['anthropic'],
    models: ['m'],
    paceMs: 1.5,
    strict: true,
    fault: 'reset-on-accept',
    flaky: { every: 2, fault: 'error-500' },
    accept: [{ action: 'reset', connections: 1 }],
    refuse: false,
    rules: [
      {
        when: {
          endpoint: 'chat',
          method: 'POST',
          path: '/a*',
          model: 'm',
          stream: true,
          headers: { a: 'b' },
          text: 't',
        },
        answer: {
          reply: {
            thinking: 'a',
            text: ['b'],
            toolCalls: [{ name: 'n', input: { a: [1, null] }, id: 'i' }],
            stopReason: 'end_turn',
            usage: { inputTokens: 1 },
          },
          status: 200,
          headers: { a: 'b', c: null, d: ['e', 'f'] },
          informational: [{ status: 103, headers: { link: 'x' } }],
          sse: { lineEnd: 'crlf', byteOrderMark: true },
          edits: [{ at: { byte: 3 }, insert: [{ error: 'api_error' }], remove: 1, end: 'reset' }],
          chat: { toolIds: 'kimi' },
          split: { every: 2, of: 'wire' },
          delayMs: 3,
          afterwards: 'close',
        },
        repeat: 2,
        next: { answer: { events: [{ event: 'e', data: { a: 1 } }, { ping: true }, { pauseMs: 3 }] } },
      },
    ],
    default: { body: { any: ['thing'] }, early: 'read-on' },
  }
  expect(parseScript(JSON.stringify(script))).toEqual({ ok: true, value: script })
})

test('an empty file is a script, and so is YAML', () => {
  expect(parseScript('')).toEqual({ ok: true, value: {} })
  expect(parseScript('rules:\n  - answer: { fault: error-529 }\n    repeat: 1\n')).toEqual({
    ok: true,
    value: { rules: [{ answer: { fault: 'error-529' }, repeat: 1 }] },
  })
})

test.each(faultNames)('the fault %s may be named', (name) => {
  expect(problems(`flaky: { every: 2, fault: ${name} }`)).toEqual([])
})

test.each([
  ['fautl: a', 'f.yaml:1:1: fautl: unknown field `fautl`; did you mean `fault`?'],
  ['fault: eror-529', 'f.yaml:1:1: fault: there is no fault `eror-529`; did you mean `error-529`?'],
  ['fault: whatever-is-this', 'f.yaml:1:1: fault: there is no fault `whatever-is-this`'],
  [
    'default:\n  fault: reset-on-accept',
    'f.yaml:2:3: default.fault: `reset-on-accept` meets connections, not requests: write it as the `fault` of the whole script',
  ],
  ['rules:\n- when: {}\n', 'f.yaml:2:3: rules[0].answer: the field `answer` is missing'],
  ['rules: 5', 'f.yaml:1:1: rules: expected a list, found 5'],
  ['strict: 5', 'f.yaml:1:1: strict: expected true or false, found 5'],
  ['paceMs: -1', 'f.yaml:1:1: paceMs: expected at least 0, found -1'],
  ['default: { status: 99 }', 'f.yaml:1:12: default.status: expected at least 200, found 99'],
  ['flaky: { every: 1.5, fault: error-500 }', 'f.yaml:1:10: flaky.every: expected integer, found 1.5'],
  ['dialects: [antropic]', 'f.yaml:1:12: dialects[0]: there is no value `antropic`; did you mean `anthropic`?'],
  [
    'default: { afterwards: bang }',
    'f.yaml:1:12: default.afterwards: expected one of keep, close, drop, reset-on-reuse, second-response',
  ],
  ['default: 7', 'f.yaml:1:1: default: expected fields'],
  [
    'default: { reply: {}, body: hi }',
    'f.yaml:1:1: default: an answer says one thing: keep one of reply, error, body, bodyBase64, events',
  ],
  ['default: { events: [{ dta: 1 }] }', 'f.yaml:1:21: default.events[0]: an event is one of: {event, data, id}'],
  ['default: { edits: [{ at: mid-txt }] }', 'f.yaml:1:22: default.edits[0].at: a place is an event index'],
  ['epochMs: soon', 'f.yaml:1:1: epochMs: expected `now` or milliseconds since 1970'],
  ['- a', 'f.yaml:1:1: a script is fields with values, not a list; rules belong under `rules:`'],
  ['a: [', 'f.yaml:1:5: Flow sequence in block collection'],
  ['name: a\nname: b', 'f.yaml:2:1: Map keys must be unique'],
  ['nmae: a', 'f.yaml:1:1: nmae: unknown field `nmae`; did you mean `name`?'],
  ['zzzzzzzzzz: a', 'f.yaml:1:1: zzzzzzzzzz: unknown field `zzzzzzzzzz`; known are name, seed'],
])('%j is refused with a place and a way out', (source, expected) => {
  const [first = ''] = problems(source)
  expect(first.slice(0, expected.length)).toBe(expected)
})

test('all problems are reported, in the order of the file', () => {
  const source = 'rules:\n  - answer: { fault: nope }\nfautl: x\npaceMs: slow\n'
  expect(problems(source).map((problem) => problem.split(':')[1])).toEqual(['2', '3', '4'])
})

test('nesting that would end the process is refused before it is parsed', () => {
  expect(problems(`a: ${'['.repeat(5000)}`)[0]).toContain('at most 200 levels')
  expect(problems('- '.repeat(2000))[0]).toContain('at most 200 levels')
  expect(problems(`a: ${'x'.repeat(9_000_000)}`)[0]).toContain('at most 8388608 characters')
})

test('a guess is made for near names only', () => {
  expect(nearest('Eror-500', faultNames)).toBe('error-500')
  expect(nearest('something else entirely', faultNames)).toBeUndefined()
  expect(nearest('x', [])).toBeUndefined()
})
