import type { Log } from '../telemetry/log.ts'

/** Several parts of lb that want to hear of the same thing. What one of them cannot do must not keep it from the others. */
export interface Listeners<News> {
  add(listener: (news: News) => void): void
  tell(news: News): void
}

export function createListeners<News>(log: Log): Listeners<News> {
  const listeners: ((news: News) => void)[] = []
  return {
    add: (listener) => void listeners.push(listener),
    tell(news) {
      for (const listener of listeners) {
        try {
          listener(news)
        } catch (error) {
          const { message, stack } = error instanceof Error ? error : new Error(String(error))
          log.error({ event: 'internal_error', error: message, stack }, 'a part of lb failed to follow a change')
        }
      }
    },
  }
}
