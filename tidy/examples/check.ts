/**
 * What checked examples call at run time. Pure, because examples also run in a context without a runtime: see
 * tidy/purity/.
 */

const REST = Symbol('rest')

/** Stands for `…` in an expected value: `[1, ...__rest]` matches any longer list, `{ a: 1, ...__rest }` more members. */
export const __rest: Iterable<unknown> = Object.defineProperty({ [REST]: true }, Symbol.iterator, {
  *value() {
    yield REST
  },
  enumerable: false,
}) as unknown as Iterable<unknown>

/**
 * Compares what an example gave with what its comment says.
 *
 * @throws when they differ; the message has both and `place`, the line of the page.
 */
export function __check(actual: unknown, expected: () => unknown, place: string): void {
  const wanted = expected()
  if (matches(actual, wanted)) return
  throw new Error(`${place}: the comment says ${show(wanted)}, the code gives ${show(actual)}`)
}

function matches(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) return false
  if (Array.isArray(expected)) return Array.isArray(actual) && listMatches(actual, expected)
  if (Array.isArray(actual) || tagOf(actual) !== tagOf(expected)) return false
  const wanted = new Map(entriesOf(expected))
  const given = new Map(entriesOf(actual))
  const hasRest = REST in expected
  return (
    [...wanted].every(([key, value]) => given.has(key) && matches(given.get(key), value)) &&
    (hasRest || [...given.keys()].every((key) => wanted.has(key)))
  )
}

function listMatches(actual: readonly unknown[], expected: readonly unknown[]): boolean {
  const hasRest = expected.at(-1) === REST
  const wanted = hasRest ? expected.slice(0, -1) : expected
  const isLongEnough = hasRest ? actual.length >= wanted.length : actual.length === wanted.length
  return isLongEnough && wanted.every((value, index) => matches(actual[index], value))
}

/** The members that count: an absent one and one that is `undefined` are the same. Maps and sets by their content. */
function entriesOf(value: object): [unknown, unknown][] {
  if (value instanceof Map) return [...value]
  if (value instanceof Set) return [...value].map((member) => [member, true])
  return Object.entries(value).filter(([, member]) => member !== undefined)
}

/** `Map`, `Uint8Array`, `Error`, …: not `instanceof`, which is wrong between contexts. */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value)
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, member: unknown) => {
    if (typeof member === 'bigint') return `${member}n`
    if (member === REST) return '…'
    return member instanceof Map || member instanceof Set ? [...member] : member
  })
  return text ?? String(value)
}
