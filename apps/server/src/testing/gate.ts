import { type MockClock, realClock } from '@lb/mock-provider'

/** A clock of upstreams that stands still: whoever waits by it goes on when the test says so. */
export interface Gate {
  readonly clock: MockClock
  /** Lets the one that waits, or the next one that will, go on; `count` times. */
  step(count?: number): Promise<void>
  /** Lets everybody pass from now on. */
  open(): void
}

export function createGate(): Gate {
  let isOpen = false
  const waiting: (() => void)[] = []
  const arrivals: (() => void)[] = []
  const someone = (): Promise<void> =>
    waiting.length > 0 || isOpen ? Promise.resolve() : new Promise((resolve) => arrivals.push(resolve))
  return {
    clock: {
      ...realClock,
      sleep(_ms, gone) {
        if (isOpen || gone.aborted) return Promise.resolve()
        return new Promise((resolve) => {
          const resume = (): void => {
            gone.removeEventListener('abort', leave)
            resolve()
          }
          const leave = (): void => {
            const at = waiting.indexOf(resume)
            if (at !== -1) waiting.splice(at, 1)
            resolve()
          }
          waiting.push(resume)
          gone.addEventListener('abort', leave, { once: true })
          for (const arrived of arrivals.splice(0)) arrived()
        })
      },
    },
    async step(count = 1) {
      for (let done = 0; done < count; done += 1) {
        await someone()
        waiting.shift()?.()
      }
    },
    open() {
      isOpen = true
      for (const resume of [...waiting.splice(0), ...arrivals.splice(0)]) resume()
    },
  }
}
