import { describe, expect, test } from 'vitest'
import { approximateTokens } from './approximate.ts'

const rounded = (text: string): number => Math.round(approximateTokens(text) * 100) / 100

describe('a run of characters costs', () => {
  test.each([
    ['', 0],
    // Words, by length.
    ['word', 1.05],
    ['eightlet', 1.05],
    ['nineletters', 1.31],
    ['twelveletter', 1.31],
    ['thirteenchars', 2.45],
    ['größer', 1.05],
    // Capitals: a name, an abbreviation, both in one, and two words in one.
    ['Word', 1.05],
    ['I', 1.05],
    ['HTTP', 1.94],
    ['HTTPServer', 1.94 + 1.05],
    ['camelCase', 2.1],
    // Numbers in groups of three; a space before a number is a token.
    ['1', 1.67],
    ['123', 1.67],
    ['1234', 3.34],
    ['a 1', 1.05 + 1.97],
    // Spaces: one belongs to the word behind it, more are a token, and before a line break none.
    ['a b', 2.1],
    ['a  b', 2.7],
    ['a\tb', 2.1],
    ['a  \nb', 2.89],
    ['\n\n', 0.79],
    ['\r\n', 0.79],
    // Punctuation: one sign before a word, alone, two, several, many.
    ['.a', 1.34],
    ['.A', 1.34],
    [' .a', 1.83],
    ['.1', 0.78 + 1.67],
    ['.', 0.78],
    ['..', 0.84],
    ['...', 1.04],
    ['.'.repeat(8), 1.04],
    ['.'.repeat(18), 2.04],
    ['\u00a0', 0.78],
    // Other scripts.
    ['привет', 2.52],
    ['你好', 1.5],
    ['——', 1.8],
    ['😀', 1.8],
    ['한국', 1.5],
    ['ǿ', 1.05],
    ['ɐ', 0.42],
  ])('%j: %f', (text, tokens) => {
    expect(rounded(text)).toBe(Math.round(tokens * 100) / 100)
  })
})

test('the borders between kinds are where they should be', () => {
  const kinds = [
    '@',
    'A',
    'Z',
    '[',
    '`',
    'a',
    'z',
    '{',
    '/',
    '0',
    '9',
    ':',
    '\u007f',
    '\u00bf',
    '\u00c0',
    '\u024f',
    '\u0250',
  ]
  expect(kinds.map((letter) => rounded(letter))).toEqual([
    0.78, 1.05, 1.05, 0.78, 0.78, 1.05, 1.05, 0.78, 0.78, 1.67, 1.67, 0.78, 0.78, 0.78, 1.05, 1.05, 0.42,
  ])
  const wide = ['\u1fff', '\u2000', '\u2e7f', '\u2e80', '\ud7ff', '\ud800', '\udfff', '\ue000', '\uffff']
  expect(wide.map((letter) => rounded(letter))).toEqual([0.42, 0.9, 0.9, 0.75, 0.75, 0.9, 0.9, 0.75, 0.75])
})
