import { expect, test } from 'vitest'
import { demoScript } from './demo-script.ts'

test('a demo has real dates, a pleasant pace, and fails only if it is told to', () => {
  expect(demoScript()).toEqual({ name: 'demo', paceMs: 15, epochMs: 'now' })
  const flaky = { every: 3, fault: 'error-529' } as const
  expect(demoScript({ name: 'first', paceMs: 0, flaky })).toEqual({ name: 'first', paceMs: 0, epochMs: 'now', flaky })
})
