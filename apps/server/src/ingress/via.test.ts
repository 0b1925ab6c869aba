import { expect, test } from 'vitest'
import { hello, startWorld } from '../testing/world.ts'
import { hopsOf, viaAfter } from './via.ts'

test.each([
  [undefined, 0],
  ['', 0],
  ['1.1 lb', 1],
  ['1.1 lb, 1.1 lb', 2],
  ['1.0 fred, 1.1 lb (a comment), HTTP/1.1 LB,2 lb', 3],
  ['1.1 lb.example.com', 0],
  ['1.1 lbx, 1.1 xlb, 1.1 my-lb', 0],
  ['lb', 0],
  ['1.1 p.example.net (lb)', 0],
])('%j went through lb %i times', (via, hops) => {
  expect(hopsOf(via)).toBe(hops)
})

test('every hop adds one', () => {
  for (let hops = 0; hops < 5; hops += 1) expect(hopsOf(viaAfter(hops))).toBe(hops + 1)
})

test('a long Via costs no more than its length', () => {
  const begun = performance.now()
  hopsOf(`1.1 ${' '.repeat(100_000)}`)
  hopsOf(' ,'.repeat(100_000))
  hopsOf('1.1 lb, '.repeat(100_000))
  // Some milliseconds; with the square of its length it would be a minute.
  expect(performance.now() - begun).toBeLessThan(3_000)
})

test('upstreams of every dialect get lb’s own entries and nobody else’s', async () => {
  for (const types of [['anthropic'], ['openai']] as const) {
    const { post, mocks } = await startWorld({ scripts: [{}], types })
    await post(hello)
    await post(hello, { headers: { via: '1.1 corporate-proxy.example, 1.1 lb, 1.1 other' } })
    expect(mocks[0]?.requests.map(({ headers }) => headers['via'])).toEqual(['1.1 lb', '1.1 lb, 1.1 lb'])
  }
})

test('after three hops: 508, and nobody is asked', async () => {
  const { post, mocks } = await startWorld({ scripts: [{}] })
  const response = await post(hello, { headers: { via: viaAfter(2) } })
  expect(response.status).toBe(508)
  expect(response.headers.get('x-should-retry')).toBe('false')
  expect(await response.json()).toMatchObject({
    type: 'error',
    error: { message: expect.stringContaining('leads back to lb') },
  })
  expect(mocks[0]?.requests).toHaveLength(0)
})
