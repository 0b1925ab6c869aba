import { existsSync, readFileSync } from 'node:fs'
import type { Json } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { type Calibration, emptyCalibration, learn } from './calibration.ts'
import { estimateTokens, estimateTokensExactly } from './estimate.ts'
import { createExactCounter, type Encoder } from './exact.ts'

const target = { provider: 'anthropic', model: 'claude-sonnet-4-5' }
const request: Json = { messages: [{ role: 'user', content: 'four words are here' }] }
const oneToken: Encoder = { encode: () => ({ length: 1 }) }
const counterOf = (load: () => Promise<Encoder>): ReturnType<typeof createExactCounter> =>
  createExactCounter({ load, hash: (text) => text, cache: new Map() })

function taught(ratio: number, grade: 'fast' | 'exact'): Calibration {
  let calibration = emptyCalibration
  for (let count = 0; count < 10; count += 1) {
    const learned = learn(calibration, { ...target, grade }, 10_000, 10_000 * ratio)
    if (learned.ok) calibration = learned.value
  }
  return calibration
}

describe('an estimate', () => {
  test('is texts and overhead times the family’s ratio, rounded up', () => {
    const base = 4 * 1.05 + 3 + 4
    expect(estimateTokens(request, target, emptyCalibration)).toEqual({
      inputTokens: Math.ceil(base * 1.1),
      baseTokens: base,
      grade: 'fast',
      basis: 'family',
      doubts: [],
    })
  })

  test('takes what was learned instead', () => {
    const estimate = estimateTokens(request, target, taught(2, 'fast'))
    expect(estimate).toMatchObject({ inputTokens: Math.ceil((4 * 1.05 + 7) * 2), basis: 'learned' })
    expect(estimateTokens(request, { ...target, model: 'other' }, taught(2, 'fast')).basis).toBe('family')
  })

  test('adds media in the family’s own tokens, and says what it doubts', () => {
    const image: Json = { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url' } }] }] }
    const estimate = estimateTokens(image, target, taught(2, 'fast'))
    expect(estimate).toMatchObject({ inputTokens: 7 * 2 + 1600, baseTokens: 7, doubts: ['image', 'remote'] })
  })

  test('with the vocabulary is one of the other grade', async () => {
    const counter = counterOf(async () => oneToken)
    const estimate = await estimateTokensExactly(request, target, taught(1.4, 'exact'), counter)
    expect(estimate).toMatchObject({ inputTokens: 12, baseTokens: 8, grade: 'exact', basis: 'learned' })
  })

  test('without the vocabulary is a fast one after all', async () => {
    const counter = counterOf(() => Promise.reject(new Error('not installed')))
    const estimate = await estimateTokensExactly(request, target, emptyCalibration, counter)
    expect(estimate).toEqual(estimateTokens(request, target, emptyCalibration))
  })
})

const corpus = `${process.env['LB_CORPUS'] ?? '../shared/corpus'}/anthropic-messages.recorded.jsonl`
if (!existsSync(corpus)) console.warn(`NOT RUN: ${corpus} is absent; set LB_CORPUS to the recorded exchanges.`)

test.runIf(existsSync(corpus))(
  'recorded requests without doubts are estimated, none much too low, nine in ten within a third',
  () => {
    const errors = readFileSync(corpus, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { model: string; request: Json; status: number; response_body: Json })
      .flatMap(({ model, request: asked, response_body: body }) => {
        const usage =
          typeof body === 'object' && body !== null && 'usage' in body ? (body.usage as Record<string, number>) : {}
        const kinds = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens']
        const counted = kinds.reduce((sum, kind) => sum + (usage[kind] ?? 0), 0)
        const estimate = estimateTokens(asked, { provider: 'anthropic', model }, emptyCalibration)
        return estimate.doubts.length === 0 && counted >= 200 ? [estimate.inputTokens / counted - 1] : []
      })
    console.log(`token estimates: ${errors.length} recorded requests`)
    expect(errors.length).toBeGreaterThan(20)
    expect(Math.min(...errors)).toBeGreaterThan(-0.2)
    expect(errors.filter((error) => Math.abs(error) < 1 / 3).length / errors.length).toBeGreaterThan(0.9)
    expect(errors.filter((error) => error >= 0).length / errors.length).toBeGreaterThan(0.8)
  },
)
