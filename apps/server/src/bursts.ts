/**
 * Work of many requests, done stage by stage at the end of a turn of the event loop.
 *
 * A turn brings news of many connections: an answer here, a request there. Worked off as it comes, each runs through all of
 * lb's code, and evicts from the processor's caches what the next one needs again. So what a turn brings is collected, and
 * then all answers are judged, all finished requests are told about, and all new requests are sent: the same work, a quarter
 * cheaper under load (docs/performance.md). Nothing waits for anything but the rest of its own turn.
 */
export interface Bursts {
  /** Does `work` at the end of this turn. What it throws is told, and keeps nothing else from being done. */
  add(stage: BurstStage, work: () => void): void
  /** Does now what waits. */
  flush(): void
}

/** In the order of their work: an answer is given before it is told about, and places are free before somebody new asks. */
const stages = ['answers', 'telling', 'requests'] as const

export type BurstStage = (typeof stages)[number]

/** @param onError told what work throws. */
export function createBursts(onError: (error: unknown) => void): Bursts {
  const waiting: Record<BurstStage, (() => void)[]> = { answers: [], telling: [], requests: [] }
  let isScheduled = false

  function schedule(): void {
    isScheduled = true
    setImmediate(flush)
  }

  function flush(): void {
    for (const stage of stages) {
      const works = waiting[stage]
      if (works.length === 0) continue
      waiting[stage] = []
      for (const work of works) {
        try {
          work()
        } catch (error) {
          onError(error)
        }
      }
    }
    // What was added to a stage that was over already.
    if (stages.some((stage) => waiting[stage].length > 0)) schedule()
    else isScheduled = false
  }

  return {
    add(stage, work) {
      waiting[stage].push(work)
      if (!isScheduled) schedule()
    },
    flush,
  }
}
