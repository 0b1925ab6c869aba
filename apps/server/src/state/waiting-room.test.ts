import { expect, test, vi } from 'vitest'
import { createWaitingRoom } from './waiting-room.ts'

function room() {
  const clock = { nowMs: () => 1_000, epochMs: () => 0 }
  const made = createWaitingRoom(clock)
  const woken: string[] = []
  const changed = (request: string, why: 'hold' | 'queue' | 'backoff' | null): void =>
    made.changed(request, why, () => void woken.push(request))
  return { made, woken, changed }
}

test('who slept between two rounds before it held is woken by a recovery too', () => {
  const { made, woken, changed } = room()
  changed('r', 'backoff')
  changed('r', 'hold')
  made.health('recovered')
  expect(woken).toEqual(['r'])
})

test('who holds no longer is passed over', () => {
  const { made, woken, changed } = room()
  for (const request of ['gone', 'queued', 'there']) changed(request, 'hold')
  changed('gone', null)
  changed('queued', 'queue')
  made.health('recovered')
  expect(woken).toEqual(['there'])
  made.wake('queued')
  made.wake('gone')
  expect(woken).toEqual(['there', 'queued'])
})

test('they are let go one after the other, until somebody is barred again', () => {
  vi.useFakeTimers()
  try {
    let nowMs = 0
    const made = createWaitingRoom({ nowMs: () => nowMs, epochMs: () => 0 })
    const woken: string[] = []
    for (const request of ['1', '2', '3', '4']) made.changed(request, 'hold', () => void woken.push(request))
    made.health('recovered')
    expect(woken).toEqual(['1'])
    nowMs = 20
    vi.advanceTimersByTime(20)
    expect(woken).toEqual(['1', '2'])
    made.health('barred')
    nowMs = 1_000
    vi.advanceTimersByTime(980)
    expect(woken).toEqual(['1', '2'])
  } finally {
    vi.useRealTimers()
  }
})
