import { expect, test } from 'vitest'
import { surcharge } from './surcharge.ts'

test.each([
  [{}, 'claude-opus-4-6', 1],
  [{ speed: 'standard', inference_geo: 'global' }, 'claude-opus-4-6', 1],
  [{ speed: 'fast' }, 'claude-opus-4-6', 6],
  [{ speed: 'fast' }, 'anthropic/claude-opus-4.7', 6],
  [{ speed: 'fast' }, 'claude-opus-4-8', 2],
  [{ inference_geo: 'us' }, 'claude-sonnet-5', 1.1],
  [{ speed: 'fast', inference_geo: 'us' }, 'claude-opus-5', 2.2],
])('an answer with %j by %s costs the list price times %d', (usage, model, factor) => {
  expect(surcharge(usage as never, model)).toBe(factor)
})
