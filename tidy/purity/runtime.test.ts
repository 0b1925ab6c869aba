import { describe, expect, test } from 'vitest'
import { guarded, guardGlobals, isAskedByPureCode } from './runtime.ts'

const frame = (path: string): string => `    at f (file:///lb/${path}:1:2)`
const stack = (...paths: string[]): string => ['Error', ...paths.map(frame)].join('\n')

describe('isAskedByPureCode', () => {
  test('the nearest frame of ours decides', () => {
    expect(isAskedByPureCode(stack('packages/router/src/plan.ts', 'packages/router/src/plan.test.ts'))).toBe(true)
    expect(isAskedByPureCode(stack('packages/router/src/plan.test.ts', 'packages/router/src/plan.ts'))).toBe(false)
    expect(isAskedByPureCode(stack('packages/router/src/plan.prop.test.ts'))).toBe(false)
  })

  test('frames of dependencies are skipped', () => {
    const parser = 'node_modules/yaml/dist/parse.js'
    expect(isAskedByPureCode(stack(parser, 'packages/config/src/read.ts'))).toBe(true)
    expect(
      isAskedByPureCode(stack('packages/config/node_modules/yaml/src/parse.js', 'packages/config/src/a.test.ts')),
    ).toBe(false)
    expect(isAskedByPureCode(stack(parser))).toBe(false)
    expect(isAskedByPureCode(stack('apps/server/src/clock.ts'))).toBe(false)
  })
})

/** A function whose stack says that it is a source of a package. */
function pure<T>(code: string, scope: object): () => T {
  return new Function('scope', `return (() => { ${code} })\n//# sourceURL=/lb/packages/router/src/plan.ts`)(scope)
}

function scopeOf(): typeof globalThis {
  const RealDate = class extends Date {}
  const scope = { Date: RealDate, Math: { random: () => 0.5 }, fetch: () => 'fetched' } as unknown as typeof globalThis
  guardGlobals(scope)
  return scope
}

describe('guardGlobals', () => {
  const scope = scopeOf()

  test.each([['scope.Date.now()'], ['new scope.Date()'], ['scope.Math.random()'], ["scope.fetch('a')"]])(
    'pure code is refused %s',
    (code) => {
      expect(pure(`return ${code}`, scope)).toThrow(/was called by a pure package/)
    },
  )

  test('pure code may do arithmetic on a date that it was given', () => {
    expect(pure('return new scope.Date(5).getTime()', scope)()).toBe(5)
  })

  test('everybody else goes on as usual', () => {
    expect(scope.Date.now()).toBeGreaterThan(0)
    expect(new scope.Date()).toBeInstanceOf(scope.Date)
    expect(scope.Math.random()).toBe(0.5)
    expect(scope.fetch('a')).toBe('fetched')
  })
})

test('a guarded function keeps its receiver and arguments', () => {
  const counter = {
    from: 1,
    add: guarded('add', 'do not', function (this: { from: number }, by: number) {
      return this.from + by
    }),
  }
  expect(counter.add(2)).toBe(3)
})
