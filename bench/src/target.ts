import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** A process under measurement. */
export interface Target {
  readonly name: string
  readonly url: string
  /** CPU time of all its threads since it started, in microseconds. */
  cpuUs(): number
  rssMb(): number
  signal(signal: NodeJS.Signals): void
  stop(): void
}

/**
 * Starts a process and waits for the line in which it prints its address.
 *
 * @param command program and arguments.
 * @param place `core`: the processor to run on, so that the load does not compete with it; absent: wherever. `folder`: where
 * it leaves its files; absent: where this process is.
 */
export async function startTarget(
  name: string,
  command: readonly string[],
  { core, folder }: { readonly core?: number | undefined; readonly folder?: string } = {},
): Promise<Target> {
  const pinned = core === undefined ? command : ['taskset', '-c', String(core), ...command]
  const [program = '', ...args] = pinned
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
    ...(folder === undefined ? {} : { cwd: folder }),
  })
  const url = await printedUrl(child, name)
  const pid = child.pid ?? 0
  const signal = (name: NodeJS.Signals): void => void child.kill(name)
  return { name, url, cpuUs: () => cpuUs(pid), rssMb: () => rssMb(pid), signal, stop: () => signal('SIGKILL') }
}

/** Keeps this process, all of its threads, on one processor. */
export function stayOn(core: number): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(process.pid)], {
    stdio: 'ignore',
  })
}

function printedUrl(child: ChildProcess, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const read = (chunk: Buffer): void => {
      printed += chunk.toString()
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0]
      if (url === undefined) return
      // What it logs from here on is read, and thrown away: to collect it would cost the load more than the load itself.
      child.stdout?.off('data', read).resume()
      resolve(url)
    }
    child.stdout?.on('data', read)
    child.on('exit', (code) => reject(new Error(`${name} ended with ${code} before it printed its address`)))
  })
}

/** @see https://www.kernel.org/doc/html/latest/scheduler/sched-stats.html#proc-pid-schedstat */
function cpuUs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, ns) => sum + ns, 0) / 1000
}

function rssMb(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Math.round(Number(line?.[1] ?? 0) / 1024)
}
