import { describe, expect, onTestFinished, test } from 'vitest'
import type { Thread, ThreadListener } from './start-thread.ts'
import { inlineThreads } from './testing/inline-thread.ts'
import { createThreadClient, ThreadFailure } from './thread-client.ts'

type Ask =
  | { readonly kind: 'greet'; readonly id: number }
  | { readonly kind: 'double'; readonly id: number; readonly number: number }
  | { readonly kind: 'bye'; readonly id: number }
interface Told {
  readonly greet: null
  readonly double: number
  readonly bye: null
}

function answering(heard: string[] = []) {
  return {
    greet() {
      heard.push('greet')
      return null
    },
    double({ number }: { readonly number: number }) {
      heard.push(`double ${number}`)
      if (number < 0) throw Object.assign(new Error('too small'), { code: 'E_SMALL' })
      return Promise.resolve(number * 2)
    },
    bye() {
      heard.push('bye')
      return null
    },
  }
}

describe('a thread', () => {
  test('is started by the first question, and told who asks before it', async () => {
    const heard: string[] = []
    const threads = inlineThreads<Ask, Told>(() => answering(heard))
    const client = createThreadClient<Ask, Told>({ start: threads.start, greeting: () => ({ kind: 'greet' }) })
    expect([client.isRunning(), threads.started()]).toEqual([false, 0])
    const both = [client.ask({ kind: 'double', number: 2 }), client.ask({ kind: 'double', number: 4 })]
    expect(await Promise.all(both)).toEqual([4, 8])
    expect(client.isRunning()).toBe(true)
    expect(heard).toEqual(['greet', 'double 2', 'double 4'])
  })

  test('says what went wrong, and goes on', async () => {
    const threads = inlineThreads<Ask, Told>(answering)
    const client = createThreadClient<Ask, Told>({ start: threads.start })
    const failed = client.ask({ kind: 'double', number: -1 })
    await expect(failed).rejects.toMatchObject({ name: 'ThreadFailure', message: 'too small', code: 'E_SMALL' })
    expect(await client.ask({ kind: 'double', number: 1 })).toBe(2)
    expect(threads.started()).toBe(1)
  })

  test('that dies rejects what it was asked, and the next question starts another', async () => {
    const threads = inlineThreads<Ask, Told>(answering)
    const client = createThreadClient<Ask, Told>({ start: threads.start })
    const lost = client.ask({ kind: 'double', number: 1 })
    threads.kill()
    await expect(lost).rejects.toMatchObject({ message: 'killed', code: 'ERR_THREAD' })
    expect(client.isRunning()).toBe(false)
    expect(await client.ask({ kind: 'double', number: 3 })).toBe(6)
    expect(threads.started()).toBe(2)
  })

  test('says goodbye before it ends, and may be started again', async () => {
    const heard: string[] = []
    const threads = inlineThreads<Ask, Told>(() => answering(heard))
    const client = createThreadClient<Ask, Told>({ start: threads.start, farewell: { kind: 'bye' } })
    await client.end()
    expect(heard).toEqual([])
    await client.ask({ kind: 'double', number: 1 })
    await client.end()
    expect(heard).toEqual(['double 1', 'bye'])
    expect(client.isRunning()).toBe(false)
    expect(await client.ask({ kind: 'double', number: 2 })).toBe(4)
  })

  test('that is ended rejects what is still open', async () => {
    const mute: Thread = { ask() {}, end: () => Promise.resolve() }
    const client = createThreadClient<Ask, Told>({ start: () => mute })
    const open = client.ask({ kind: 'double', number: 1 })
    const rejected = expect(open).rejects.toBeInstanceOf(ThreadFailure)
    await client.end()
    await rejected
  })

  test('that says something nobody asked for is not minded', () => {
    let heard: ThreadListener | undefined
    const client = createThreadClient<Ask, Told>({
      start(listener) {
        heard = listener
        return { ask() {}, end: () => Promise.resolve() }
      },
    })
    const open = client.ask({ kind: 'double', number: 1 })
    heard?.told({ id: 999, answer: 1 })
    heard?.told({ id: 998, answer: null, error: { message: 'x', code: '' } })
    expect(client.isRunning()).toBe(true)
    onTestFinished(() =>
      open.then(
        () => {},
        () => {},
      ),
    )
    heard?.died(undefined)
  })
})
