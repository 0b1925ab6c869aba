import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { BytePlan } from '../wire/plan.ts'
import { written } from '../written.ts'
import type { MockClock } from './clock.ts'
import type { Connection } from './connection.ts'

/** How a plan ended. `played`: all of it. `left`: the client was faster. */
export type PlayEnd = 'played' | 'left'

/** Where the player reports what it did. */
export interface PlayLog {
  sent(bytes: number): void
}

/**
 * Plays a plan on a socket: writes, waits, and closes as told. Decides nothing.
 *
 * @param socket where bytes are written; under TLS the encrypted one.
 */
export async function play(
  plan: BytePlan,
  socket: Socket,
  connection: Connection,
  clock: MockClock,
  log: PlayLog,
): Promise<PlayEnd> {
  const { gone } = connection
  const write = async (bytes: Uint8Array): Promise<void> => {
    if (gone.aborted) return
    await written(socket, bytes, gone)
    log.sent(bytes.length)
    // A turn of the event loop between two writes: who listens in this process reads them apart, and a client that left is seen.
    await turn()
  }
  for (const step of plan.steps) {
    if (gone.aborted) return 'left'
    if (step.kind === 'pause') await clock.sleep(step.ms, gone)
    else if (step.kind === 'bytes') await write(step.bytes)
    else for (let times = 0; times < step.times && !gone.aborted; times++) await write(step.bytes)
  }
  if (gone.aborted) return 'left'
  switch (plan.end.kind) {
    case 'keep':
      connection.resetOnReuse = plan.end.resetOnReuse
      return 'played'
    case 'close':
      socket.destroySoon()
      return 'played'
    case 'half-close':
      socket.end()
      return 'played'
    case 'reset':
      connection.raw.resetAndDestroy()
      return 'played'
    case 'stall':
      await aborted(gone)
      return 'left'
    case 'pings':
      while (!gone.aborted) {
        await clock.sleep(plan.end.everyMs, gone)
        await write(plan.end.bytes)
      }
      return 'left'
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
