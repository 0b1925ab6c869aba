import type { FaultName } from '../fault/presets.ts'
import type { MockScript } from './script.ts'

/** What may differ between two demo providers. */
export interface DemoOptions {
  /** Shown in every answer, so that whoever watches sees who answered. Default `demo`. */
  readonly name?: string
  /** Milliseconds between two stream events. Default 15: fast, and still seen to stream. */
  readonly paceMs?: number
  /** Fail now and then, to show failover. */
  readonly flaky?: { readonly every: number; readonly fault: FaultName }
}

const PLEASANT_PACE_MS = 15

/** The script of a provider that people look at: real dates, a pleasant pace, the demo's answers. */
export function demoScript(options: DemoOptions = {}): MockScript {
  const { name = 'demo', paceMs = PLEASANT_PACE_MS, flaky } = options
  return { name, paceMs, epochMs: 'now', ...(flaky === undefined ? {} : { flaky }) }
}
