import { readFile } from 'node:fs/promises'
import { parseJson } from '@lb/protocol'
import { type Calibration, emptyCalibration, learn, restoreCalibration, type TokenTarget } from '@lb/tokens'
import { replaceFile } from '../state/replace-file.ts'
import type { Log } from '../telemetry/log.ts'

/** What was learned about the providers' tokenizers, kept in a small file so that the next process knows it, too. */
export interface CalibrationBook {
  calibration(): Calibration
  /** How many samples of a target there are. */
  learned(target: TokenTarget): number
  learn(target: TokenTarget, estimated: number, counted: number): void
  /** Writes what is not written yet. */
  close(): Promise<void>
}

export interface CalibrationBookDeps {
  readonly log: Log
  /** Asked whenever it is read or written; `null`: nothing is kept. */
  path(): string | null
}

/** Lessons come in bursts, and none of them is worth a write of its own. */
const SAVE_AFTER_MS = 10_000

/** Opens the book. It is empty until its file has been read, a moment later; what is learned by then is kept. */
export function openCalibrationBook({ log, path }: CalibrationBookDeps): CalibrationBook {
  let calibration = emptyCalibration
  let timer: NodeJS.Timeout | undefined
  let saving: Promise<void> = Promise.resolve()
  let isAlarmed = false
  const loading = load()

  async function load(): Promise<void> {
    const from = path()
    if (from === null) return
    const text = await readFile(from, 'utf8').catch(() => undefined)
    if (text === undefined) return
    const json = parseJson(text)
    const restored = json.ok ? restoreCalibration(json.value) : json
    if (restored.ok) calibration = { samples: { ...restored.value.samples, ...calibration.samples } }
    else log.warn({ event: 'token_ratios_ignored', path: from }, `${from} is not what lb wrote, and is begun anew`)
  }

  async function save(): Promise<void> {
    await loading
    const to = path()
    if (to === null) return
    try {
      await replaceFile(to, JSON.stringify(calibration))
    } catch (error) {
      // Once: what is lost is a little accuracy after the next start.
      if (!isAlarmed) log.warn({ event: 'token_ratios_not_written', path: to }, (error as Error).message)
      isAlarmed = true
    }
  }

  function saveSoon(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      saving = saving.then(save)
    }, SAVE_AFTER_MS).unref()
  }

  return {
    calibration: () => calibration,
    learned: ({ grade, provider, model }) => calibration.samples[JSON.stringify([grade, provider, model])]?.length ?? 0,
    learn(target, estimated, counted) {
      const next = learn(calibration, target, estimated, counted)
      if (!next.ok) return
      calibration = next.value
      saveSoon()
    },
    async close() {
      if (timer !== undefined) {
        clearTimeout(timer)
        saving = saving.then(save)
      }
      await saving
    },
  }
}
