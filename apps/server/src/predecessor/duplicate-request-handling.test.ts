import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { expectMessage, expectStream, type ReadAnswer, read } from '../testing/predecessor-answers.ts'
import { request, type Scenario, type ScenarioProvider } from '../testing/predecessor-scenario.ts'
import { failoverPolicies, type PredecessorOptions, startPredecessorWorld } from '../testing/predecessor-world.ts'

/** A wait of the upstream that ends when the test says so. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

describe.each(failoverPolicies)('duplicate request handling under failover_policy %s', (policy) => {
  async function start(provider: Omit<ScenarioProvider, 'name'>, options: PredecessorOptions = {}) {
    const scenario: Scenario = { name: 'duplicates', providers: [{ name: 'provider', ...provider }] }
    const world = await startPredecessorWorld(scenario, { policy, ...options })
    const ask = (stream: boolean, text = 'The same question'): Promise<ReadAnswer> =>
      read(world.post(request(scenario, text, { stream })))
    return { ...world, ask }
  }

  function expectFailure({ status, json, text }: ReadAnswer): void {
    expect(status).toBeGreaterThanOrEqual(400)
    expect(json).toMatchObject({ error: expect.anything() })
    expect(text).toContain('"type"')
  }

  test('test_duplicate_requests_while_original_pending', async () => {
    const { opened, open } = gate()
    const provider = { behavior: 'success', answer: { content: 'Shared answer' }, delayMs: 2_000 }
    const { ask, mock } = await start(provider, { longWait: opened })
    const original = ask(true)
    await mock.next()
    // A stream and a whole answer are two questions now; those who ask the same way share one call.
    const duplicates = [ask(false), ask(false), ask(true)]
    await mock.next()
    // The last two cannot be seen at the upstream; they are in by then on any machine.
    await sleep(100)
    open()
    expectStream(await original, ['message_start', 'Shared', 'message_stop'])
    const [message, same, stream] = await Promise.all(duplicates)
    expectMessage(message as ReadAnswer, 'Shared answer')
    expect(same?.text).toBe(message?.text)
    expect(stream?.text).toBe((await original).text)
    expect(mock.requests).toHaveLength(2)
  })

  test('test_duplicate_requests_after_original_completed', async () => {
    const { ask, mock } = await start({ behavior: 'success', answer: { content: 'Completed answer' } })
    expectMessage(await ask(false), 'Completed answer')
    expectStream(await ask(true), ['message_start', 'Completed', 'message_stop'])
    expectMessage(await ask(false), 'Completed answer')
    // Nothing is kept of an answer that was served: each is a call of its own.
    expect(mock.requests).toHaveLength(3)
  })

  test('test_duplicate_requests_when_original_failed', async () => {
    const { opened, open } = gate()
    const { ask, mock } = await start({ behavior: 'internal_server_error', delayMs: 1_000 }, { longWait: opened })
    const original = ask(true)
    await mock.next()
    const duplicate = ask(false)
    await mock.next()
    open()
    for (const answer of await Promise.all([original, duplicate])) expectFailure(answer)
    const before = mock.requests.length
    expectFailure(await ask(false))
    // A failure is nobody's answer but theirs who waited for it. (By the threshold, the provider is out by now.)
    if (policy === 'seamless') expect(mock.requests.length).toBeGreaterThan(before)
  })

  test('test_deduplication_cache_expiration', async () => {
    const { ask } = await start(
      { behavior: 'duplicate_cache' },
      { settings: { deduplication: { enabled: true, sse_error_cleanup_delay: 1 } } },
    )
    const [first, second] = await Promise.all([ask(false, 'first wording'), ask(false, 'second wording')])
    expectMessage(first, 'Deterministic response')
    expectMessage(second, 'Deterministic response')
    const later = await ask(false, 'first wording')
    expectMessage(later, 'Deterministic response')
    expect(later.text).toBe(first.text)
    expect(later.text).not.toBe(second.text)
  })

  test('test_concurrent_mixed_mode_duplicates', async () => {
    const { opened, open } = gate()
    const provider = { behavior: 'success', answer: { content: 'Mixed modes' }, delayMs: 1_000 }
    const { ask, mock } = await start(provider, { longWait: opened })
    const asked = [ask(true), ask(false), ask(true), ask(false)]
    await Promise.all([mock.next(), mock.next()])
    await sleep(100)
    open()
    const [stream, message, sameStream, sameMessage] = (await Promise.all(asked)) as [
      ReadAnswer,
      ReadAnswer,
      ReadAnswer,
      ReadAnswer,
    ]
    // The original serves the newest waiter and answers 409 to the others; here all of them are served.
    expectStream(stream, ['message_start', 'Mixed', 'message_stop'])
    expectMessage(message, 'Mixed modes')
    expect([sameStream.text, sameMessage.text]).toEqual([stream.text, message.text])
    expect(mock.requests).toHaveLength(2)
  })

  test('test_sse_error_delayed_cleanup', async () => {
    // The model's own text matches a pattern of the user. It is an answer, not an error: nobody is blamed.
    const provider = { behavior: 'success', answer: { content: 'About the rate limit of this API' } }
    const settings = { deduplication: { sse_error_cleanup_delay: 0.3 }, unhealthy_threshold: 1 }
    const { ask, get } = await start(provider, { settings })
    const [stream, message] = await Promise.all([ask(true), ask(false)])
    expectStream(stream, ['rate', 'limit', 'message_stop'])
    expect(message.status).toBe(200)
    expect((await ask(true)).status).toBe(200)
    await sleep(350)
    expect((await ask(true)).status).toBe(200)
    expect((await read(get('/providers'))).json).toMatchObject({ healthy_providers: 1 })
  })
})
