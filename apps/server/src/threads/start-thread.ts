import { createRequire } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { END } from './thread-messages.ts'

/** lb's own threads: where their code is among the sources, and what it is called once it is built. */
const threads = {
  usage: { source: '../usage/usage-thread.ts', built: './usage-thread.js' },
  tokens: { source: '../counting/token-thread.ts', built: './token-thread.js' },
} as const

/** Who hears from a thread. */
export interface ThreadListener {
  told(message: unknown): void
  /** The thread ended, for whatever reason but {@link Thread.end}. What it has not answered, it never will. */
  died(error: Error | undefined): void
}

/** Something that works beside the main thread. It does not keep the process alive. */
export interface Thread {
  /** @param transfer what is given away instead of copied. */
  ask(message: object, transfer?: readonly ArrayBuffer[]): void
  /** Lets it answer what it was asked, and end itself. One that does not is ended after ten seconds. */
  end(): Promise<void>
}

/** Longer than a thread needs to start on a busy machine, and shorter than whoever stops a service waits. */
const END_MS = 10_000

/** Starts one of lb's own threads. */
export function startThread(name: keyof typeof threads, listener: ThreadListener): Thread {
  const isSource = import.meta.url.endsWith('.ts')
  const url = new URL(isSource ? threads[name].source : threads[name].built, import.meta.url)
  const worker = new Worker(url, isSource ? fromSource() : {})
  let ended = false
  let failure: Error | undefined
  worker.unref()
  worker.on('message', (message) => listener.told(message))
  worker.on('error', (error) => {
    failure = error instanceof Error ? error : new Error(String(error))
  })
  worker.on('exit', () => {
    if (!ended) listener.died(failure)
  })
  return {
    ask: (message, transfer = []) => worker.postMessage(message, transfer),
    async end() {
      ended = true
      const gone = new Promise((resolve) => worker.once('exit', resolve))
      worker.ref()
      worker.postMessage(END)
      // To terminate a thread that is inside of libsql aborts the process: only for one that hangs for good.
      await Promise.race([gone, setTimeout(END_MS, undefined, { ref: false }).then(() => worker.terminate())])
    },
  }
}

/**
 * TypeScript as it is, in tests and while developing. tsx is registered by its interface: as a mere `--import` it leaves threads
 * alone before Node 22.
 */
function fromSource(): WorkerOptions {
  const manifest = pathToFileURL(createRequire(import.meta.url).resolve('tsx/package.json'))
  const tsx = JSON.stringify(new URL('dist/esm/api/index.mjs', manifest).href)
  const registration = `import { register } from ${tsx}; register()`
  const preload = `data:text/javascript,${encodeURIComponent(registration)}`
  return { execArgv: ['--conditions=@lb/source', '--import', preload] }
}
