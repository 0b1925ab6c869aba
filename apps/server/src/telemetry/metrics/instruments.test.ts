import { expect, test } from 'vitest'
import { counter, gauge, histogram } from './instruments.ts'

test('a counter without labels is there from the start, at zero', () => {
  expect(counter('a_total', 'A.').samples()).toEqual([{ name: 'a_total', labels: {}, value: 0 }])
})

test('a series is made when it is first touched, and kept', () => {
  const requests = counter('a_total', 'A.', ['from', 'to'])
  expect(requests.samples()).toEqual([])
  requests.cell('x', 'y').value += 1
  requests.cell('x', 'y').value += 2
  requests.cell('y', 'x').value += 4
  expect(requests.samples()).toEqual([
    { name: 'a_total', labels: { from: 'x', to: 'y' }, value: 3 },
    { name: 'a_total', labels: { from: 'y', to: 'x' }, value: 4 },
  ])
})

test('a gauge forgets series whose subjects are gone', () => {
  const usable = gauge('usable', 'U.', ['provider'])
  usable.cell('a').value = 1
  usable.clear()
  expect(usable.samples()).toEqual([])
})

test('a histogram cumulates: a value on a bound belongs to it', () => {
  const seconds = histogram('s', 'S.', [1, 2], ['of'])
  for (const value of [0.5, 1, 1.5, 9]) seconds.series('x').observe(value)
  expect(seconds.samples().map(({ name, labels, value }) => [name, labels['le'], value])).toEqual([
    ['s_bucket', '1', 2],
    ['s_bucket', '2', 3],
    ['s_bucket', '+Inf', 4],
    ['s_sum', undefined, 12],
    ['s_count', undefined, 4],
  ])
})
