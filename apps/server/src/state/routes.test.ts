import { expect, test } from 'vitest'
import { hello, startWorld } from '../testing/world.ts'

const exactThenAll = [
  '  "claude-test-1":',
  '    - { provider: a, model: passthrough, priority: 1 }',
  '  "*":',
  '    - { provider: b, model: other, priority: 1 }',
]

test.each(['error-500', 'error-529', 'rate-limit', 'bad-key', 'close-before-response', 'html-200'] as const)(
  'who has only one provider in the best rule is served by the next rule: %s',
  async (fault) => {
    const world = await startWorld({ scripts: [{ fault }, {}], routes: exactThenAll })
    for (const stream of [false, true]) {
      const response = await world.post({ ...hello, stream })
      await response.text()
      expect([response.status, response.headers.get('x-lb-provider')]).toEqual([200, 'b'])
    }
    expect(world.mocks[1]?.requests.map(({ json }) => json)).toMatchObject([{ model: 'other' }, { model: 'other' }])
  },
)

test('a good provider of the best rule is asked alone', async () => {
  const world = await startWorld({ scripts: [{}, {}], routes: exactThenAll })
  for (let request = 0; request < 3; request += 1) await (await world.post(hello)).text()
  expect(world.mocks.map(({ requests }) => requests.length)).toEqual([3, 0])
})

test('under the predecessor’s rule another rule is for other requests', async () => {
  const settings = ['failover_policy: threshold', 'unhealthy_threshold: 1']
  const world = await startWorld({ scripts: [{ fault: 'error-500' }, {}], routes: exactThenAll, settings })
  const statuses = [await world.post(hello), await world.post(hello)].map(({ status }) => status)
  expect(statuses).toEqual([503, 200])
})

test('a provider that the client names is asked for the model of its route, whatever the conditions', async () => {
  const routes = [
    '  "*":',
    '    - { provider: a, model: passthrough, priority: 1 }',
    '    - { provider: b, model: seeing, priority: 2, when: { images: true } }',
  ]
  const world = await startWorld({ scripts: [{}, {}], routes })
  const response = await world.post({ ...hello, provider: 'b' })
  expect([response.status, response.headers.get('x-lb-provider')]).toEqual([200, 'b'])
  expect(world.mocks[1]?.requests[0]?.json).toMatchObject({ model: 'seeing' })
})
