import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Provider } from '@lb/config'
import { type Clocks, emptyHealth, type HealthState, restoreHealth, snapshotOf } from '@lb/health'
import { err, type Json, member, ok, parseJson, type Result, stringMember } from '@lb/protocol'
import type { Clock } from '../clock.ts'
import type { Log } from '../telemetry/log.ts'
import type { CompiledConfig } from './compiled-config.ts'
import { pathFrom } from './path-from.ts'
import { replaceFile } from './replace-file.ts'
import { isKnown, meaningOf } from './replaced-targets.ts'

/**
 * Health across a restart: who is barred, since and until when, in `settings.health_state_path`. The file speaks wall clock,
 * lb speaks its own monotonic one, and each reading of the file maps one to the other anew.
 *
 * It is a convenience and never a condition: a file that is missing, cut, old or somebody else's is left aside with a line in
 * the log, and lb learns again.
 */
export interface HealthFile {
  /** What the file knows about the configured providers. */
  load(): Promise<HealthState>
  /** Health has changed: it is written soon. */
  changed(): void
  /** Writes what is not written yet. */
  close(): Promise<void>
}

export interface HealthFileDeps {
  readonly clock: Clock
  readonly log: Log
  readonly current: () => CompiledConfig
  /** What a relative path is relative to. */
  readonly folder: string
  readonly health: () => HealthState
}

/** An outage changes health with every request; a moment's delay makes one write of them. */
const SAVE_AFTER_MS = 500

export function createHealthFile({ clock, log, current, folder, health }: HealthFileDeps): HealthFile {
  let timer: NodeJS.Timeout | undefined
  let saving: Promise<void> = Promise.resolve()
  let written: string | undefined
  let isAlarmed = false
  const path = (): string | undefined => {
    const named = current().config.settings.healthStatePath
    return named === undefined || named === '' ? undefined : pathFrom(folder, named)
  }
  const clocks = (): Clocks => ({ nowMs: clock.nowMs(), epochMs: clock.epochMs() })

  async function save(): Promise<void> {
    const to = path()
    if (to === undefined) return
    const text = snapshotText(health(), clocks(), current().providers)
    const named = `${to}\n${text}`
    if (named === written) return
    try {
      await replaceFile(to, text)
      written = named
      isAlarmed = false
    } catch (error) {
      // Once: what is lost is what the next process would have known at its start.
      if (!isAlarmed) log.error({ event: 'health_not_written', path: to, error: String(error) }, 'health was not saved')
      isAlarmed = true
    }
  }

  return {
    async load() {
      const from = path()
      if (from === undefined) return emptyHealth
      const text = await readFile(from, 'utf8').catch((error: NodeJS.ErrnoException) => error)
      if (typeof text !== 'string') {
        if (text.code !== 'ENOENT') log.warn({ event: 'health_not_read', path: from, error: text.code }, notRead)
        return emptyHealth
      }
      const { providers, healthPolicy } = current()
      const read = readSnapshot(text, providers)
      const restored = read.ok ? restoreHealth(read.value, clocks(), healthPolicy) : read
      if (restored.ok) return restored.value
      log.warn({ event: 'health_not_read', path: from, error: restored.error }, notRead)
      return emptyHealth
    },
    changed() {
      timer ??= setTimeout(() => {
        timer = undefined
        saving = saving.then(save)
      }, SAVE_AFTER_MS).unref()
    },
    async close() {
      clearTimeout(timer)
      timer = undefined
      saving = saving.then(save)
      await saving
    },
  }
}

const notRead = 'what an earlier lb knew about the health of providers could not be read and is forgotten'

type Providers = ReadonlyMap<string, Provider>

/** What a name meant is saved with it: behind it may be another address or key when the file is read. */
function snapshotText(health: HealthState, clocks: Clocks, providers: Providers): string {
  const { version, nodes } = snapshotOf(health, clocks)
  const kept = nodes.filter((node) => isKnown(providers, node))
  return `${JSON.stringify({ version, nodes: kept.map((node) => ({ ...node, meaning: digestOf(providers, node) })) }, null, 2)}\n`
}

function readSnapshot(text: string, providers: Providers): Result<Json, string> {
  const parsed = parseJson(text)
  if (!parsed.ok) return err('it is not JSON')
  const nodes = member(parsed.value, 'nodes')
  if (!Array.isArray(nodes)) return ok(parsed.value)
  const same = nodes.filter((node) => {
    const named = {
      provider: stringMember(node, 'provider') ?? '',
      credential: stringMember(node, 'credential') ?? null,
    }
    return isKnown(providers, { ...named, model: null }) && stringMember(node, 'meaning') === digestOf(providers, named)
  })
  return ok({ version: member(parsed.value, 'version') ?? null, nodes: same })
}

/** Short on purpose: enough to see that something is another thing now, too little to confirm a guess of a key. */
const DIGEST_HEX = 6

function digestOf(
  providers: Providers,
  named: { readonly provider: string; readonly credential: string | null },
): string {
  return createHash('sha256').update(meaningOf(providers, named)).digest('hex').slice(0, DIGEST_HEX)
}
