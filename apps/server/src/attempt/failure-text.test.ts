import { failureKinds } from '@lb/protocol'
import { expect, test } from 'vitest'
import { refusalOf } from './failure-text.ts'

const inOurWords = failureKinds.filter((kind) => kind !== 'login-required')

test.each(inOurWords)('%s: a status that tells of an error, a type, and a whole sentence', (kind) => {
  const { status, type, message } = refusalOf({ kind, message: 'for the operator' }, 'm')
  expect(status).toBeGreaterThanOrEqual(400)
  expect(type).toMatch(/_error$|^request_too_large$/)
  expect(message).toMatch(/^[A-Zl].*\.$/)
  expect(message).not.toContain('operator')
  expect(message).not.toContain('{')
})

test('who asks for a model of which no provider is usable reads the predecessor’s words', () => {
  expect(refusalOf({ kind: 'no-candidate', message: '' }, 'claude-x $& $1')).toEqual({
    status: 503,
    type: 'api_error',
    message: "All configured providers for model 'claude-x $& $1' are currently unable to process requests.",
  })
})
