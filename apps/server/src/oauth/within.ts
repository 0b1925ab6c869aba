import type { Timers } from './accounts.ts'

/** Resolves when `work` has ended, or `waitMs` later. */
export async function within(timers: Timers, work: Promise<void>, waitMs: number): Promise<void> {
  let cancel = (): void => undefined
  const timeout = new Promise<void>((resolve) => {
    cancel = timers.after(waitMs, resolve)
  })
  await Promise.race([work, timeout])
  cancel()
}
