import { describe, expect, test } from 'vitest'
import { type Pieces, piecesOf } from './pieces.ts'
import { mediaTokens, overheadTokens, profileOf } from './profiles.ts'

describe('the family of', () => {
  const since = 'claude, since Opus 4.7'
  const until = 'claude, until Sonnet 4'
  const before = 'claude, before Opus 4.7'
  test.each([
    ['claude-opus-4-7', since],
    ['claude-opus-4-8', since],
    ['anthropic/claude-opus-4.8', since],
    ['claude-opus-5', since],
    ['claude-opus-5-5', since],
    ['claude-sonnet-5', since],
    ['claude-fable-5-1', since],
    ['claude-mythos-5', since],
    ['claude-haiku-5-5', since],
    ['us.anthropic.claude-sonnet-10-v1:0', since],
    ['claude-opus-4-6', before],
    ['claude-sonnet-4-5-20250929', before],
    ['claude-sonnet-4-20250514', until],
    ['us.anthropic.claude-sonnet-4-20250514-v1:0', until],
    ['claude-sonnet-4-0', until],
    ['claude-sonnet-4', until],
    ['anthropic/claude-opus-4.1', until],
    ['claude-opus-4-1-20250805', until],
    ['claude-sonnet-4-10', before],
    ['claude-instant-1.2', until],
    ['claude-2.1', until],
    ['anthropic/claude-sonnet-4.6', before],
    ['claude-haiku-4-5', before],
    ['claude-3-opus-latest', until],
    ['claude-3-5-haiku-20241022', until],
    ['Claude-Sonnet-4-5', before],
    ['gpt-5', 'gpt-5 and later'],
    ['openai/gpt-5-mini', 'gpt-5 and later'],
    ['openai/gpt-oss-120b', 'gpt-oss'],
    ['gpt-4o', 'gpt-4 and o-series'],
    ['openai/o3', 'gpt-4 and o-series'],
    ['o1-mini', 'gpt-4 and o-series'],
    ['chatgpt-4o-latest', 'gpt-4 and o-series'],
    ['meta-llama/llama-4-scout', 'other'],
    ['kimi-pro3', 'other'],
    ['', 'other'],
  ])('%s is %s', (model, family) => {
    expect(profileOf(model).family).toBe(family)
  })
})

const pieces = (some: Partial<Pieces>): Pieces => ({ ...piecesOf({}), ...some })

describe('overhead', () => {
  const profile = profileOf('claude-sonnet-4-5')

  test('has a part for the request, each message and each call', () => {
    expect(overheadTokens(pieces({}), profile)).toBe(3)
    expect(overheadTokens(pieces({ messages: 2, calls: 3 }), profile)).toBe(3 + 2 * 4 + 3 * 40)
  })

  test('has one part for all tools, a larger one when they must be used, and one for a schema', () => {
    expect(overheadTokens(pieces({ tools: 5 }), profile)).toBe(3 + 505)
    expect(overheadTokens(pieces({ tools: 5, isForced: true }), profile)).toBe(3 + 625)
    expect(overheadTokens(pieces({ isForced: true }), profile)).toBe(3)
    expect(overheadTokens(pieces({ tools: 5 }), profileOf('claude-sonnet-4-0'))).toBe(3 + 350)
    expect(overheadTokens(pieces({ tools: 5 }), profileOf('claude-opus-5'))).toBe(3 + 270)
    expect(overheadTokens(pieces({ tools: 5 }), profileOf('gpt-5'))).toBe(3 + 75)
    expect(overheadTokens(pieces({ tools: 5 }), profileOf('gpt-4o'))).toBe(3 + 20)
    expect(overheadTokens(pieces({}), profileOf('gpt-oss-20b'))).toBe(75)
    expect(overheadTokens(pieces({ isStructured: true }), profile)).toBe(3 + 145)
  })
})

describe('an image costs', () => {
  const tokens = (model: string, width?: number, height?: number): number => {
    const size = width === undefined || height === undefined ? undefined : { width, height }
    return mediaTokens(pieces({ images: [size] }), profileOf(model))
  }

  test.each([
    ['claude-sonnet-4-5', 540, 360, 260],
    ['claude-sonnet-4-5', 750, 1, 1],
    ['claude-sonnet-4-5', 1568, 100, 210],
    ['claude-sonnet-4-5', 3136, 200, 210],
    ['claude-sonnet-4-5', 4000, 4000, 1600],
    ['gpt-4o', 400, 301, 255],
    ['gpt-4o', 512, 512, 255],
    ['gpt-4o', 513, 512, 425],
    ['gpt-4o', 1024, 1024, 765],
    ['gpt-4o', 4096, 4096, 765],
    ['gpt-4o', 4096, 1024, 85 + 170 * 4],
    ['gpt-4o', 768, 4096, 85 + 170 * 4],
    ['gpt-5-mini', 400, 301, 156],
    ['gpt-5-mini', 597, 566, 411],
    ['gpt-5-mini', 4096, 4096, 1844],
    ['llama', 540, 360, 260],
  ])('%s, %i × %i: %i', (model, width, height, expected) => {
    expect(tokens(model, width, height)).toBe(expected)
  })

  test.each([
    ['claude-sonnet-4-5', 1600],
    ['gpt-4o', 765],
    ['gpt-5', 1229],
  ])('%s, of unknown size: %i', (model, expected) => {
    expect(tokens(model)).toBe(expected)
  })
})

test('media add up', () => {
  const some = pieces({ images: [{ width: 750, height: 10 }, undefined], pages: 2 })
  expect(mediaTokens(some, profileOf('claude-sonnet-4-5'))).toBe(10 + 1600 + 2 * 2600)
  expect(mediaTokens(some, profileOf('claude-opus-5'))).toBe(10 + 1600 + 2 * 2600)
  expect(mediaTokens(pieces({}), profileOf('gpt-4o'))).toBe(0)
})
