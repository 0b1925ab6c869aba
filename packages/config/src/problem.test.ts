import { expect, test } from 'vitest'
import { type ConfigProblem, formatPath, formatProblems } from './problem.ts'
import { said, withSettings } from './testing/load.ts'

const problem: ConfigProblem = {
  severity: 'error',
  path: 'providers[0].tpye',
  line: 12,
  column: 5,
  message: 'unknown key',
  suggestion: 'did you mean "type"?',
}

test('a problem is one line that terminals and editors can follow', () => {
  expect(formatProblems([problem], 'config.yaml')).toBe(
    'config.yaml:12:5: providers[0].tpye: unknown key; did you mean "type"?',
  )
})

test('notices say so, and what is missing is left out', () => {
  const notice: ConfigProblem = { severity: 'notice', path: '', line: 1, column: 1, message: 'm' }
  expect(formatProblems([notice, { ...problem, flag: '--port', path: 'settings.port' }], 'f')).toBe(
    'f:1:1: notice: m\n--port: settings.port: unknown key; did you mean "type"?',
  )
  expect(formatProblems([], 'f')).toBe('')
})

test('paths are written as people would', () => {
  expect(formatPath([])).toBe('')
  expect(formatPath(['providers', 0, 'auth_value'])).toBe('providers[0].auth_value')
  expect(formatPath(['model_routes', 'claude-3.5*', 1])).toBe('model_routes["claude-3.5*"][1]')
  expect(formatPath(['a', '', 'b"c'])).toBe('a[""]["b\\"c"]')
  expect(formatPath(['k'.repeat(70)])).toBe(`["${'k'.repeat(64)}…"]`)
})

test('problems come in the order of the file', () => {
  const lines = said(withSettings('{ nonsense1: 1, port: x, nonsense2: 1 }'))
  expect(lines.map((line) => line.split(': ')[1])).toEqual([
    'settings.nonsense1',
    'settings.port',
    'settings.nonsense2',
  ])
})

test('a mistake has one message, not one for each of its consequences', () => {
  expect(
    said('providers: [{ name: a, type: nope, base_url: "https://a" }]\nmodel_routes: { "*": [{ provider: a }] }'),
  ).toEqual(['1:30: providers[0].type: must be one of anthropic, openai, not "nope"'])
})
