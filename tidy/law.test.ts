import { describe, expect, test } from 'vitest'
import { type Exemption, type Law, report, staleExemptions, unforgiven } from './law.ts'
import { repositoryOf } from './repository.ts'

const law: Law = {
  name: 'source-lines',
  says: 'A source has at most 300 lines.',
  principle: 12,
  wayOut: 'split it.',
  check: () => [{ path: 'a.ts', found: '310 lines', size: 310 }],
}
const exemption: Exemption = { law: 'source-lines', path: 'a.ts', because: 'a table', until: '2026-06-01' }
const repository = repositoryOf([], { today: '2026-01-01' })
const found = law.check(repository)

describe('an exemption', () => {
  test('covers its law at its path', () => {
    expect(unforgiven(law, found, [exemption])).toEqual([])
    expect(unforgiven(law, found, [{ ...exemption, path: 'b.ts' }])).toEqual(found)
    expect(unforgiven(law, found, [{ ...exemption, law: 'file-lines' }])).toEqual(found)
  })

  test('covers a budget up to its own limit', () => {
    expect(unforgiven(law, found, [{ ...exemption, limit: 310 }])).toEqual([])
    expect(unforgiven(law, found, [{ ...exemption, limit: 309 }])).toEqual(found)
  })

  test('is stale when its day has come, its limit is passed, its law is gone or nothing needs it', () => {
    const stale = (changes: Partial<Exemption>, laws: readonly Law[] = [law]): readonly string[] =>
      staleExemptions(laws, [{ ...exemption, ...changes }], repository)
    expect(stale({})).toEqual([])
    expect(stale({ until: '2026-01-01' })).toHaveLength(1)
    expect(stale({ limit: 309 })).toHaveLength(1)
    expect(stale({ law: 'gone' })).toHaveLength(1)
    expect(stale({}, [{ ...law, check: () => [] }])).toHaveLength(1)
  })
})

test('an absolute law knows no exemption', () => {
  const absolute = { ...law, absolute: true }
  expect(unforgiven(absolute, found, [exemption])).toEqual(found)
  expect(staleExemptions([absolute], [exemption], repository)).toHaveLength(1)
})

test('a report names the rule, the principle, the place and the way out', () => {
  expect(report(law, [{ path: 'a.ts', line: 3, found: '310 lines' }])).toBe(
    [
      'A source has at most 300 lines.',
      'Principle 12, Important things first, one screen at a time (docs/house-style.md).',
      '  a.ts:3  310 lines',
      'Way out: split it.',
      '',
    ].join('\n'),
  )
  expect(report(law, [])).toBe('')
})
