import { describe, expect, test, vi } from 'vitest'
import { configText, type FileWorld, startFileWorld } from '../testing/file-world.ts'

const here = 'http://127.0.0.1:1'
const text = (names: readonly string[], reload: boolean): string =>
  configText({ providers: Object.fromEntries(names.map((name) => [name, here])) }).replace(
    'reload: false',
    `reload: ${reload}`,
  )

async function loaded(world: FileWorld, count: number): Promise<void> {
  const expected = { total_providers: count }
  await vi.waitFor(async () => expect((await world.call('GET', '/providers')).body).toMatchObject(expected), {
    timeout: 10_000,
    interval: 20,
  })
}

describe('a changed configuration file', () => {
  test('is taken up by itself', async () => {
    const world = await startFileWorld(text(['a'], true))
    await world.write(text(['a', 'b'], true))
    await loaded(world, 2)
    expect(world.lines.find(({ event }) => event === 'config_reloaded')).toMatchObject({ trigger: 'file' })
  })

  test('that is wrong is said once, and the next right one is taken up', async () => {
    const world = await startFileWorld(text(['a'], true))
    await world.write('providers: [')
    const failures = () => world.lines.filter(({ event }) => event === 'config_reload_failed')
    await vi.waitFor(() => expect(failures()).toHaveLength(1), { timeout: 10_000, interval: 20 })
    await world.write(text(['a', 'b'], true))
    await loaded(world, 2)
    expect(failures()).toHaveLength(1)
  })

  test('is left alone where `reload` is off; by hand it is read, and can turn the watch on', async () => {
    const world = await startFileWorld(text(['a'], false))
    await world.write(text(['a', 'b'], false))
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await world.call('GET', '/providers')).body).toMatchObject({ total_providers: 1 })
    await world.write(text(['a', 'b', 'c'], true))
    expect((await world.call('POST', '/providers/reload')).body).toMatchObject({ providers_count: 3 })
    await world.write(text(['a'], true))
    await loaded(world, 1)
  })
})
