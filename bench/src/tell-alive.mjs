/** Loaded into a process under measurement: at SIGUSR2 it collects its garbage and writes down how much memory is alive. */
import { renameSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const file = process.env['LB_BENCH_ALIVE']

if (isMainThread && file !== undefined) {
  process.on('SIGUSR2', () => {
    globalThis.gc?.()
    // What the first collection finalizes, the second frees.
    setImmediate(() => {
      globalThis.gc?.()
      writeFileSync(`${file}.new`, JSON.stringify(process.memoryUsage()))
      renameSync(`${file}.new`, file)
    })
  })
}
