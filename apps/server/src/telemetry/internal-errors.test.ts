import pino from 'pino'
import { expect, test } from 'vitest'
import { internalErrors } from './internal-errors.ts'

test('an error that nobody expected is logged with its stack, and counted; so is what is no error', () => {
  const lines: string[] = []
  let counted = 0
  const internalError = (): void => {
    counted += 1
  }
  const tell = internalErrors(pino({ messageKey: 'message' }, { write: (line) => lines.push(line) }), { internalError })
  tell(new Error('broken'))
  tell('a text was thrown')
  expect(counted).toBe(2)
  const [first, second] = lines.map((line) => JSON.parse(line))
  expect(first).toMatchObject({ event: 'internal_error', error: 'broken', message: 'internal error: broken' })
  expect(first.stack).toContain('internal-errors.test')
  expect(second).toMatchObject({ error: 'a text was thrown' })
})
