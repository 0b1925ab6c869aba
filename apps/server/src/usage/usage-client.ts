import { pathFrom } from '../state/path-from.ts'
import { createThreadClient, type ThreadClient } from '../threads/thread-client.ts'
import type { Question } from '../threads/thread-messages.ts'
import type { UsageDeps } from './usage.ts'
import type { UsageAnswers, UsageAsk } from './usage-messages.ts'

/** The thread that keeps the books, where the configuration says that they are. */
export interface UsageClient extends ThreadClient<UsageAsk, UsageAnswers> {
  /** Tells the thread where the books are, if a reload has moved them. Never rejects: whoever asks next hears what is wrong. */
  follow(): Promise<void>
}

const DAY_MS = 86_400_000

export function createUsageClient({
  current,
  folder,
  startThread,
}: Pick<UsageDeps, 'current' | 'folder' | 'startThread'>): UsageClient {
  const settings = () => current().config.settings.usage
  let applied = settings()

  function opening(): Question<UsageAsk, 'open'> {
    applied = settings()
    const { enabled, path, retentionDays } = applied
    return { kind: 'open', path: enabled ? pathFrom(folder, path) : null, retentionMs: retentionDays * DAY_MS }
  }
  const client = createThreadClient<UsageAsk, UsageAnswers>({
    start: startThread,
    greeting: opening,
    farewell: { kind: 'close' },
  })
  return {
    ...client,
    async follow() {
      if (applied !== settings()) await client.ask(opening()).catch(() => {})
    },
  }
}
