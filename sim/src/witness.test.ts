import { expect, it } from 'vitest'
import { emptySwarm, runSwarm } from './swarm-run.ts'
import { digestOf } from './witness.ts'

it('tells values apart, and knows one by its members in any order', () => {
  const value = { a: 1, b: ['x', null], c: { d: true } }
  const same = { c: { d: true }, gone: undefined, b: ['x', null], a: 1 }
  expect(digestOf(same)).toBe(digestOf(value))
  const others = [
    { ...value, a: 2 },
    { ...value, b: [null, 'x'] },
    { ...value, c: { d: false } },
    { a: 1, b: ['x', null] },
    [value],
    'a',
    1,
    null,
  ]
  expect(new Set(others.map(digestOf).concat(digestOf(value))).size).toBe(others.length + 1)
})

it('gives the same for the same seeds, another for others, and none unless it is asked for', () => {
  const task = { firstSeed: 3, seeds: 2, requests: 20, isWitnessed: true }
  const first = runSwarm(task)
  expect(runSwarm(task)).toEqual(first)
  expect(runSwarm({ ...task, firstSeed: 4 }).digest).not.toBe(first.digest)
  const unseen = runSwarm({ ...task, isWitnessed: false })
  expect(unseen).toEqual({ ...first, digest: emptySwarm.digest })
})
