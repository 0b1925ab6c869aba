import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { TransientMap } from './transient-map.ts'

describe('a transient map', () => {
  test('is a map: what is set is there until it is deleted', () => {
    const map = new TransientMap<string, number>()
    map.set('a', 1)
    map.set('b', 2)
    map.set('a', 3)
    expect([map.size, map.has('a'), map.get('a'), map.get('c')]).toEqual([2, true, 3, undefined])
    expect([map.delete('a'), map.delete('a')]).toEqual([true, false])
    expect([map.size, map.has('a'), map.get('a')]).toEqual([1, false, undefined])
  })

  test('shows its values in the order in which their keys came, and bears changes meanwhile', () => {
    const map = new TransientMap<number, string>()
    for (const [key, value] of ['a', 'b', 'c'].entries()) map.set(key, value)
    const seen: string[] = []
    for (const value of map.values()) {
      seen.push(value)
      if (value === 'a') {
        map.delete(1)
        map.set(9, 'd')
      }
    }
    expect(seen).toEqual(['a', 'c', 'd'])
  })

  test('what has come and gone does not outlive its youth, as it does in a plain map', () => {
    // In this order: what V8 has seen growing old it makes in the old generation from then on.
    expect(promotedBytes(new TransientMap<number, object>())).toBeLessThan(CHURNED_BYTES / 4)
    expect(promotedBytes(new Map<number, object>())).toBeGreaterThan(CHURNED_BYTES / 2)
  })
})

const VALUES = 20_000
const VALUE_BYTES = 800
const CHURNED_BYTES = VALUES * VALUE_BYTES

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (how: { type: 'minor' | 'major' }) => void

/** How much the old generation grows, while values come and go and never more than 32 are there. */
function promotedBytes(map: { set(key: number, value: object): unknown; delete(key: number): boolean }): number {
  collect({ type: 'major' })
  const before = oldBytes()
  for (let key = 0; key < VALUES; key += 1) {
    map.set(key, new Array(VALUE_BYTES / 8).fill(key))
    map.delete(key - 32)
    if (key % 200 === 0) collect({ type: 'minor' })
  }
  return oldBytes() - before
}

function oldBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'old_space')?.space_used_size ?? 0
}
