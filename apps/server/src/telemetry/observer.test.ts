import { expect, test } from 'vitest'
import type { ClientRequest } from '../ingress/client-request.ts'
import { allOf, type DoneRequest, toldInBursts } from './observer.ts'

const request = { id: 'req_1' } as ClientRequest

test('all are told, in their order, and who does not listen costs nothing', () => {
  const told: string[] = []
  const observer = allOf(
    [
      { requestStarted: ({ id }) => void told.push(`first ${id}`) },
      {},
      { requestStarted: ({ id }) => void told.push(`second ${id}`), flightOpened: () => void told.push('flight') },
    ],
    () => {},
  )
  observer.requestStarted(request)
  observer.flightOpened(request)
  expect(told).toEqual(['first req_1', 'second req_1', 'flight'])
})

test('one that throws has a bug; the others are told all the same, and so is whoever counts bugs', () => {
  const told: string[] = []
  const bugs: unknown[] = []
  const bug = new Error('a bug')
  const throwing = (): void => {
    throw bug
  }
  const observer = allOf(
    [{ requestStarted: throwing }, { requestStarted: () => void told.push('told') }],
    (error) => void bugs.push(error),
  )
  observer.requestStarted(request)
  expect(told).toEqual(['told'])
  expect(bugs).toEqual([bug])
})

test('of whole answers it is told with the others of the turn, of a stream at once', () => {
  const told: string[] = []
  const later: (() => void)[] = []
  const all = allOf([{ requestDone: ({ request: { id } }) => void told.push(id) }], () => {})
  const observer = toldInBursts(all, { add: (_stage, work) => void later.push(work) })
  const done = (id: string, stream: boolean): DoneRequest => ({ request: { id, stream } }) as DoneRequest
  observer.requestDone(done('whole', false))
  observer.requestDone(done('stream', true))
  expect(told).toEqual(['stream'])
  for (const work of later) work()
  expect(told).toEqual(['stream', 'whole'])
})
