import type { Log } from '../telemetry/log.ts'
import type { CompiledConfig } from './compiled-config.ts'
import { createListeners } from './listeners.ts'

/**
 * The one pointer to the configuration. A request takes it once, when it begins, and keeps what it got to its end; so a
 * swap is atomic for every request, and nothing has to be locked or stopped.
 *
 *   swap ──▶ the new one is current ──▶ listeners hear of it
 *   the old one's last request is over ──▶ it is retired, and what only it needed can go
 */
export interface LiveConfig {
  /** What a request that begins now uses. */
  current(): CompiledConfig
  /** Puts `next` into force, then tells the listeners. */
  swap(next: CompiledConfig): void
  /** A request begins with this configuration… */
  enter(compiled: CompiledConfig): void
  /** …and is over. */
  leave(compiled: CompiledConfig): void
  /** The current one, and the older ones that requests still use. */
  inUse(): readonly CompiledConfig[]
  /** Calls `listener` after each swap. Whoever took something out of the configuration at the start takes it anew. */
  onReload(listener: ReloadListener): void
  /** Calls `listener` when a replaced configuration has lost its last request. */
  onRetired(listener: () => void): void
}

export type ReloadListener = (now: CompiledConfig, before: CompiledConfig) => void

export function createLiveConfig(first: CompiledConfig, log: Log): LiveConfig {
  let current = first
  const requests = new Map<CompiledConfig, number>()
  const reloaded = createListeners<{ readonly now: CompiledConfig; readonly before: CompiledConfig }>(log)
  const retired = createListeners<void>(log)

  return {
    current: () => current,
    swap(next) {
      const before = current
      current = next
      reloaded.tell({ now: next, before })
      if (!requests.has(before)) retired.tell()
    },
    enter: (compiled) => void requests.set(compiled, (requests.get(compiled) ?? 0) + 1),
    leave(compiled) {
      const left = (requests.get(compiled) ?? 0) - 1
      if (left > 0) return void requests.set(compiled, left)
      requests.delete(compiled)
      if (compiled !== current) retired.tell()
    },
    inUse: () => [current, ...[...requests.keys()].filter((compiled) => compiled !== current)],
    onReload: (listener) => reloaded.add(({ now, before }) => listener(now, before)),
    onRetired: retired.add,
  }
}
