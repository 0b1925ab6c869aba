import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'
import type { Instant } from '@lb/oauth'

/** Where the OAuth half reads time. */
export interface InstantClock {
  read(): Instant
}

/**
 * Time since the machine's boot, beside the wall clock.
 *
 * Not `performance.now()`: that one starts anew with each process, so nothing kept in a file could be compared with it, and
 * on Linux it stands still while the machine sleeps, though tokens do not. The time since boot is the same for all
 * processes, goes on during sleep, and no setting of the wall clock moves it. Where the boot cannot be named (only Linux
 * says an id), the process itself is the start, and older instants are compared by the wall clock.
 */
export function createBootClock(): InstantClock {
  const clockId = bootId() ?? `process:${randomUUID()}`
  return { read: () => ({ nowMs: uptime() * 1000, clockId, epochMs: Date.now() }) }
}

function bootId(): string | undefined {
  try {
    return `boot:${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`
  } catch {
    return undefined
  }
}
