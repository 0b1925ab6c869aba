import { readFileSync } from 'node:fs'
import { Tiktoken } from 'js-tiktoken/lite'
import o200k from 'js-tiktoken/ranks/o200k_base'
import { describe, expect, test } from 'vitest'
import { approximateTokens } from './approximate.ts'
import { createExactCounter, type Encoder } from './exact.ts'

/** An encoder of one token for each character, which notes what it was given. */
function spelling(): Encoder & { readonly given: string[] } {
  const given: string[] = []
  return {
    given,
    encode(text, allowed, disallowed) {
      expect([allowed, disallowed]).toEqual([[], []])
      given.push(text)
      return { length: text.length }
    },
  }
}

const hash = (text: string): string => `#${text.length}${text[0]}`

describe('a counter', () => {
  test('loads nothing until it is asked, and then once', async () => {
    let loads = 0
    const load = async (): Promise<Encoder> => {
      loads += 1
      return spelling()
    }
    const counter = createExactCounter({ load, hash, cache: new Map() })
    expect(loads).toBe(0)
    expect(await Promise.all([counter.count(['abc', 'de']), counter.count(['f']), counter.count([])])).toEqual([
      5, 1, 0,
    ])
    expect(loads).toBe(1)
  })

  test('tries again when loading failed', async () => {
    let loads = 0
    const load = async (): Promise<Encoder> => {
      loads += 1
      if (loads === 1) throw new Error('no vocabulary')
      return spelling()
    }
    const counter = createExactCounter({ load, hash, cache: new Map() })
    await expect(counter.count(['abc'])).rejects.toThrow('no vocabulary')
    expect(await counter.count(['abc'])).toBe(3)
  })

  test('remembers long texts by their hash, and does not hash short ones', async () => {
    const encoder = spelling()
    const cache = new Map<string, number>()
    const counter = createExactCounter({ load: async () => encoder, hash, cache })
    const long = 'ab '.repeat(100)
    expect(await counter.count([long, 'short', long])).toBe(605)
    expect(encoder.given).toEqual([long, 'short'])
    expect([...cache]).toEqual([['#300a', 300]])
    cache.set('#300a', 7)
    expect(await counter.count([long])).toBe(7)
    await counter.count(['x'.repeat(20) + ' y'.repeat(118)])
    expect(cache.has('#256x')).toBe(true)
    await counter.count(['x'.repeat(19) + ' y'.repeat(118)])
    expect(cache.has('#255x')).toBe(false)
  })
})

describe('long runs of one kind', () => {
  test.each(['a', ' ', '-', '漢'])('%j: not encoded, but approximated', async (letter) => {
    const encoder = spelling()
    const counter = createExactCounter({ load: async () => encoder, hash, cache: new Map() })
    const border = letter === ' ' ? 'x' : ' '
    const run = letter.repeat(33)
    expect(await counter.count([`one${border}${run}${border}two`])).toBe(Math.round(8 + approximateTokens(run)))
    expect(encoder.given).toEqual([`one${border}`, `${border}two`])
    encoder.given.length = 0
    await counter.count([`one${border}${letter.repeat(32)}`])
    expect(encoder.given).toHaveLength(1)
  })

  test('alone leave nothing to encode', async () => {
    const encoder = spelling()
    const counter = createExactCounter({ load: async () => encoder, hash, cache: new Map() })
    expect(await counter.count(['a'.repeat(40)])).toBe(Math.round(approximateTokens('a'.repeat(40))))
    expect(encoder.given).toEqual([])
  })
})

describe('with the vocabulary of js-tiktoken', () => {
  const counter = createExactCounter({ load: async () => new Tiktoken(o200k), hash: (text) => text, cache: new Map() })

  test('ordinary text counts as it should, and commands in it are text', async () => {
    expect(await counter.count(['hello world'])).toBe(2)
    expect(await counter.count(['<|endoftext|>'])).toBeGreaterThan(1)
  })

  test('100 KB of one letter take no longer than a novel', async () => {
    expect(await counter.count(['a'.repeat(100_000)])).toBeGreaterThan(10_000)
    expect(await counter.count([' '.repeat(100_000)])).toBeLessThan(100)
  })

  test('this package’s own sources come out within a tenth of the approximation', async () => {
    const text = ['pieces', 'profiles', 'calibration']
      .map((name) => readFileSync(new URL(`${name}.ts`, import.meta.url), 'utf8'))
      .join('\n')
    const exact = await counter.count([text])
    expect(Math.abs(approximateTokens(text) / exact - 1)).toBeLessThan(0.1)
  })
})
