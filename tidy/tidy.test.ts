import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { exemptions } from './exemptions.ts'
import { report, staleExemptions, unforgiven } from './law.ts'
import { laws } from './laws/index.ts'
import { readRepository } from './repository.ts'

// The laws of this repository as one test. A law is data (tidy/laws); that each of them can fail is proved beside it.
const repository = readRepository(fileURLToPath(new URL('..', import.meta.url)))

describe('the laws hold', () => {
  test.each(laws.map((law) => [law.name, law] as const))('%s', (_, law) => {
    const broken = report(law, unforgiven(law, law.check(repository), exemptions))
    if (broken !== '') expect.fail(broken)
  })
})

test('every exemption is still needed and has not ended', () => {
  expect(staleExemptions(laws, exemptions, repository)).toEqual([])
})
