import { describe, expect, test } from 'vitest'
import { nextReleaseDeadlineMs, type Release, type ReleaseEvent, shutRelease, stepRelease } from './release.ts'

function after(events: readonly [number, ReleaseEvent][], from: Release = shutRelease) {
  const woken: string[] = []
  let release = from
  for (const [nowMs, event] of events) {
    const step = stepRelease(release, event, nowMs)
    release = step.release
    woken.push(...step.effects.map(({ request }) => `${nowMs} ${request}`))
  }
  return { release, woken }
}
const held = (request: string): ReleaseEvent => ({ type: 'held', request })
const waiting = after([0, 1, 2].map((at) => [at, held(`r${at}`)])).release

describe('the end of an outage', () => {
  test('is awaited in silence', () => {
    expect(waiting).toEqual({ waiting: ['r0', 'r1', 'r2'], woken: [], nextMs: null })
    expect(nextReleaseDeadlineMs(waiting)).toBeUndefined()
    expect(after([[5, { type: 'tick' }]], waiting).woken).toEqual([])
  })

  test('wakes them one after the other, in the order in which they came', () => {
    const { release, woken } = after(
      [
        [100, { type: 'recovered' }],
        [110, { type: 'tick' }],
        [120, { type: 'tick' }],
        [140, { type: 'tick' }],
        [160, { type: 'tick' }],
      ],
      waiting,
    )
    expect(woken).toEqual(['100 r0', '120 r1', '140 r2'])
    expect(release).toEqual({ waiting: [], woken: ['r0', 'r1', 'r2'], nextMs: null })
  })

  test('says when the next is due, while anybody waits', () => {
    const open = after([[100, { type: 'recovered' }]], waiting).release
    expect(nextReleaseDeadlineMs(open)).toBe(120)
    expect(after([[105, { type: 'recovered' }]], open).woken).toEqual([])
    const last = after(
      [
        [120, { type: 'tick' }],
        [140, { type: 'tick' }],
      ],
      open,
    ).release
    expect(last).toEqual({ waiting: [], woken: ['r0', 'r1', 'r2'], nextMs: 160 })
    expect(nextReleaseDeadlineMs(last)).toBeUndefined()
  })

  test('that was none shuts the door again', () => {
    const shut = after(
      [
        [100, { type: 'recovered' }],
        [105, { type: 'barred' }],
        [130, { type: 'tick' }],
      ],
      waiting,
    )
    expect(shut.woken).toEqual(['100 r0'])
    expect(shut.release).toEqual({ waiting: ['r1', 'r2'], woken: ['r0'], nextMs: null })
  })

  test('of one provider is not the last for those who wait for another', () => {
    const [recovered, tick] = [{ type: 'recovered' }, { type: 'tick' }] as const
    const { woken } = after(
      [
        [100, recovered],
        [120, tick],
        [125, { type: 'left', request: 'r1' }],
        [140, tick],
        [300, recovered],
        [320, tick],
        [340, tick],
        [360, tick],
      ],
      waiting,
    )
    expect(woken).toEqual(['100 r0', '120 r1', '140 r2', '300 r0', '320 r2'])
  })

  test('finds nobody who has left', () => {
    const left = after(
      [
        [50, { type: 'left', request: 'r0' }],
        [100, { type: 'recovered' }],
      ],
      waiting,
    )
    expect(left.woken).toEqual(['100 r1'])
  })

  test('does not keep those waiting who come after it', () => {
    const open = after(
      [
        [100, { type: 'recovered' }],
        [120, { type: 'tick' }],
        [140, { type: 'tick' }],
      ],
      waiting,
    ).release
    expect(after([[200, held('late')]], open).woken).toEqual(['200 late'])
    expect(after([[150, held('soon')]], open).woken).toEqual([])
    expect(after([[100, { type: 'recovered' }]]).release).toEqual(shutRelease)
  })
})
