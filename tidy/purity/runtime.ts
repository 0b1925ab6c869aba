/**
 * While the tests of a pure package run, its code reaches no clock and no chance, not even through a dependency: the
 * third line behind the compiler and the banned words. Test code, vitest and fast-check go on as usual, because the
 * question is not what is called but who calls.
 *
 * The nearest frame of ours on the stack decides: a source of a package is refused, a test is let through. Frames of
 * dependencies are skipped, so that a pure function is answerable for what its parser does.
 */

/** Whether the code that asks, by its stack, is a pure package. */
export function isAskedByPureCode(stack: string): boolean {
  const ours = stack
    .split('\n')
    .find((line) => /\/packages\/[^/]+\/src\//.test(line) && !line.includes('/node_modules/'))
  return ours !== undefined && !/\.test(-d)?\.ts/.test(ours)
}

/** A stand-in for `original` that refuses pure code and passes everybody else on. */
export function guarded<F extends (...args: never[]) => unknown>(name: string, wayOut: string, original: F): F {
  const guard = function (this: unknown, ...args: never[]): unknown {
    refusePureCode(name, wayOut)
    return Reflect.apply(original, this, args)
  }
  return guard as F
}

/** Replaces clock, chance and the network of `scope` by guarded ones. */
export function guardGlobals(scope: typeof globalThis): void {
  const clock = 'take `at: Moment` or `epochMs` as an argument'
  const RealDate = scope.Date
  scope.Date = new Proxy(RealDate, {
    construct(target, args, newTarget) {
      if (args.length === 0) refusePureCode('new Date()', clock)
      return Reflect.construct(target, args, newTarget) as Date
    },
    apply(target, self, args) {
      refusePureCode('Date()', clock)
      return Reflect.apply(target, self, args) as unknown
    },
  })
  RealDate.now = guarded('Date.now', clock, RealDate.now)
  scope.Math.random = guarded('Math.random', 'take `at.roll` as an argument', scope.Math.random)
  scope.fetch = guarded('fetch', 'return an effect', scope.fetch)
}

function refusePureCode(name: string, wayOut: string): void {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 100
  const stack = new Error(name).stack ?? ''
  Error.stackTraceLimit = stackTraceLimit
  if (isAskedByPureCode(stack)) throw new Error(`${name} was called by a pure package; ${wayOut}`)
}
