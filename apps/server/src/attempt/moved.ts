import type { CompiledConfig } from '../state/compiled-config.ts'
import type { WaitReason } from '../state/waiting-room.ts'
import type { Job } from './job.ts'

/** What a request waits for, and how it is called. */
export interface Wait {
  readonly why: WaitReason | null
  readonly wake: () => void
}

/**
 * A request that has asked nobody and waits, by the configuration that is in force now: it waits because the one that it came
 * with had nobody for it. What it shares with others was settled when it came, so it must not begin to go by the client's own
 * credential; and where nobody is for it now, it stays with what it had.
 *
 * @see docs/decisions/0113-who-waits-goes-by-the-new-configuration.md
 */
export function moved(began: Job, job: Job, now: CompiledConfig, { why, wake }: Wait): Job {
  const { house, request } = job
  if (now.hasPassThrough && !began.compiled.hasPassThrough) return job
  const planned = began.replan(now)
  if (planned.candidates.length === 0) return job
  house.enter(now)
  if (job !== began) house.leave(job.compiled)
  house.targets.waiting(job.candidates, request.id, null, wake)
  if (why !== null) house.targets.waiting(planned.candidates, request.id, why, wake)
  return { ...job, compiled: now, candidates: planned.candidates, session: planned.session }
}
