import { isJsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { exchanges, ran } from '../../testing/corpus.ts'
import { patient } from '../../testing/cuts.ts'
import { roundTrip } from '../../testing/round-trip.ts'

const bodies = exchanges('anthropic-messages').flatMap(({ id, request, status }) =>
  isJsonObject(request) && status === 200 ? [[id, request] as const] : [],
)

describe('A→O→A', patient, () => {
  test('I12: a request is itself again, but for what was reported', () => {
    const outcome = { same: 0, reported: 0, refused: 0 }
    for (const [name, body] of bodies) {
      const { kind, unexcused } = roundTrip(body)
      expect(unexcused, name).toEqual([])
      outcome[kind] += 1
    }
    ran('Anthropic requests to Chat and back', { requests: bodies.length, ...outcome })
  })
})
