import { describe, expect, test } from 'vitest'
import { chatPath, helloChat } from '../testing/chat-world.ts'
import { hello, startWorld } from '../testing/world.ts'
import { lossCounts, lossesText } from './losses-text.ts'

const debug = { headers: { 'x-lb-debug': 'losses' } }
const lossy = { ...hello, top_k: 5 }

describe('what a conversion could not carry', () => {
  test('is told in a header to whoever asks, with how often', async () => {
    const { post } = await startWorld({ scripts: [{}], types: ['openai'] })
    const asked = await post(lossy, debug)
    expect(asked.headers.get('x-lb-losses')).toContain('sampling_dropped=1')
    expect((await post({ ...lossy, stream: true }, debug)).headers.get('x-lb-losses')).toContain('sampling_dropped=1')
    expect((await post(lossy)).headers.has('x-lb-losses')).toBe(false)
  })

  test('of a whole answer is told, too; where nothing was lost, the header says so', async () => {
    const unusual = {
      default: {
        body: {
          id: 'x',
          object: 'chat.completion',
          choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'novel' }],
        },
      },
    }
    const { post } = await startWorld({ scripts: [unusual], types: ['openai'] })
    const told = (await post(hello, debug)).headers.get('x-lb-losses') ?? ''
    expect(told).toContain('finish_unknown=1')
    expect(told).toContain('usage_missing=1')
    const relay = await startWorld({ scripts: [{}] })
    expect((await relay.post(hello, debug)).headers.get('x-lb-losses')).toBe('none')
  })

  test('is logged, counted and kept in the record of the request: the request’s and the answer’s', async () => {
    const answer = { default: { reply: { text: 'x', stopReason: 'pause_turn' } } }
    const { post, lb, lines } = await startWorld({ scripts: [answer] })
    const response = await post({ ...helloChat, top_k: 5, seed: 7, stream: true }, chatPath)
    await response.text()
    const id = response.headers.get('x-lb-request-id')
    const line = lines.find(({ request_id, event }) => request_id === id && event === 'request_completed')
    const losses = line?.['losses'] as Record<string, number>
    expect(losses).toMatchObject({ pause_as_length: 1 })
    expect(Object.keys(losses).length).toBeGreaterThan(1)
    const metrics = await (await fetch(`${lb.url}/metrics`)).text()
    for (const [code, count] of Object.entries(losses))
      expect(metrics).toContain(`lb_conversion_losses_total{code="${code}"} ${count}\n`)
    const record = (await (await fetch(`${lb.url}/requests/${id}`)).json()) as { attempts: { losses: string[] }[] }
    expect(record.attempts[0]?.losses.join(' ')).toContain('pause_as_length')
  })

  test('makes a request that asks for it one of its own: nobody else’s answer tells about it', async () => {
    const { post, mocks } = await startWorld({ scripts: [{ paceMs: 20 }], types: ['openai'] })
    const both = await Promise.all([post(lossy), post(lossy, debug)])
    expect(both.map(({ headers }) => headers.has('x-lb-losses'))).toEqual([false, true])
    expect(mocks[0]?.requests).toHaveLength(2)
  })
})

test('losses of one code are counted together', () => {
  const losses = [
    { code: 'sampling_dropped', path: '/top_k', detail: 'top_k', count: 1 },
    { code: 'sampling_dropped', path: '/top_p', detail: 'top_p', count: 2 },
  ] as const
  expect(lossCounts(losses)).toEqual({ sampling_dropped: 3 })
  expect(lossesText(losses)).toBe('sampling_dropped=3')
  expect(lossesText([])).toBe('none')
})
