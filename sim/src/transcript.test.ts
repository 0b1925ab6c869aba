import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { playTranscript } from './transcript.ts'

const folder = fileURLToPath(new URL('../testdata/', import.meta.url))
const names = readdirSync(folder).filter((name) => name.endsWith('.txt'))

// After a change: `pnpm vitest -u --project sim`, read the diff, and commit it only if you understand what caused it.
describe('transcripts', () => {
  test.each(names)('%s', async (name) => {
    const played = playTranscript(readFileSync(`${folder}${name}`, 'utf8'))
    await expect(played).toMatchFileSnapshot(`${folder}${name}`)
  })
})
