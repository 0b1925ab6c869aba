import pino from 'pino'
import { describe, expect, test, vi } from 'vitest'
import type { CompiledConfig } from './compiled-config.ts'
import { createLiveConfig } from './live-config.ts'

const named = (name: string): CompiledConfig => ({ strategy: name }) as unknown as CompiledConfig
const silent = pino({ level: 'silent' })

describe('the live configuration', () => {
  test('is swapped for all who ask from then on, and listeners hear of both', () => {
    const [one, two] = [named('one'), named('two')]
    const live = createLiveConfig(one, silent)
    const heard = vi.fn()
    live.onReload(heard)
    live.swap(two)
    expect(live.current()).toBe(two)
    expect(heard).toHaveBeenCalledExactlyOnceWith(two, one)
  })

  test('is swapped for everybody although one listener fails, and the log says so', () => {
    const lines: string[] = []
    const live = createLiveConfig(named('one'), pino({}, { write: (line: string) => void lines.push(line) }))
    const heard = vi.fn()
    live.onReload(() => {
      throw new Error('no room')
    })
    live.onReload(heard)
    live.swap(named('two'))
    expect(heard).toHaveBeenCalledOnce()
    expect(lines.join()).toContain('no room')
  })

  test('is retired when its last request is over', () => {
    const [one, two, three] = [named('one'), named('two'), named('three')]
    const live = createLiveConfig(one, silent)
    const retired = vi.fn()
    live.onRetired(retired)
    live.enter(one)
    live.enter(one)
    live.swap(two)
    live.leave(one)
    expect(retired).not.toHaveBeenCalled()
    expect(live.inUse()).toEqual([two, one])
    live.leave(one)
    expect(retired).toHaveBeenCalledOnce()
    // Nobody used the second: it goes at once.
    live.swap(three)
    expect(retired).toHaveBeenCalledTimes(2)
    expect(live.inUse()).toEqual([three])
  })

  test('keeps requests of the current one without retiring it', () => {
    const one = named('one')
    const live = createLiveConfig(one, silent)
    const retired = vi.fn()
    live.onRetired(retired)
    live.enter(one)
    live.leave(one)
    expect(retired).not.toHaveBeenCalled()
  })
})
