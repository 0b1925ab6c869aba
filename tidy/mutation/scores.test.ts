import { expect, test } from 'vitest'
import { type Report, scoreLine, scoreOf } from './scores.ts'

const mutants = (...statuses: string[]): { mutants: { status: string }[] } => ({
  mutants: statuses.map((status) => ({ status })),
})
const report: Report = {
  files: {
    'src/stream/a.ts': mutants('Killed', 'Timeout', 'Survived'),
    'src/stream/b.ts': mutants('NoCoverage', 'CompileError'),
    'src/request/c.ts': mutants('Killed'),
  },
}

test('what ran without end is detected, what nothing ran through is not, and what could not be built is no mutant', () => {
  expect(scoreOf(report, 'src/stream/')).toEqual({ mutants: 4, detected: 2, survived: 2 })
  expect(scoreLine('stream', scoreOf(report, 'src/stream/'))).toBe('| stream | 4 | 2 | 2 | 50.00 % |')
})

test('a folder that did not run has no score', () => {
  expect(scoreLine('none', scoreOf(report, 'src/none/'))).toBe('| none | 0 | 0 | 0 | – |')
})
