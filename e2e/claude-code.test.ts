import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startWorld } from '../apps/server/src/testing/world.ts'
import { runClaude, scratchFolder } from './clients/claude-code.ts'

const SECRET = 'marzipan-4711'

/** A folder with a file that only a tool can read. */
function folderWithNote(): string {
  const folder = scratchFolder('claude-work-')
  writeFileSync(join(folder, 'note.txt'), `the word is ${SECRET}\n`)
  return folder
}

describe.each(['anthropic', 'openai'] as const)(
  'the real claude program, through lb, to a provider of type %s',
  (type) => {
    test('prints an answer', async () => {
      const { lb, mocks } = await startWorld({ scripts: [{ name: 'only' }], types: [type] })
      const run = await runClaude({ baseUrl: lb.url, args: ['-p', 'hi'] })
      expect(run).toMatchObject({ status: 0, stdout: expect.stringContaining('only') })
      expect(mocks[0]?.requests.length).toBeGreaterThan(0)
    })

    test('calls a tool and uses its result', async () => {
      const { lb, mocks } = await startWorld({ scripts: [{}], types: [type] })
      const args = ['--allowedTools', 'Bash', '-p', 'run `cat note.txt`']
      const run = await runClaude({ baseUrl: lb.url, args, cwd: folderWithNote() })
      expect(run).toMatchObject({ status: 0, stdout: expect.stringContaining(SECRET) })
      // One request that ends in the call, one that carries its result.
      expect(mocks[0]?.requests.filter(({ body }) => body.toString().includes(SECRET))).toHaveLength(1)
    })

    test('does not notice that the first provider fails', async () => {
      const { lb } = await startWorld({ scripts: [{ fault: 'error-529' }, { name: 'second' }], types: [type] })
      const run = await runClaude({ baseUrl: lb.url, args: ['-p', 'hi'] })
      expect(run).toMatchObject({ status: 0, stdout: expect.stringContaining('second') })
      expect(run.durationMs).toBeLessThan(20_000)
    })
  },
)
