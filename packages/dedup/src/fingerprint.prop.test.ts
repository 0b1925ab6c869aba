import { createHash } from 'node:crypto'
import { scanJsonObject } from '@lb/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFingerprint, PROBE_MAX_TOKENS } from './fingerprint.ts'

/** JSON as it is written: a scalar is its lexeme, so that `1` and `1.0` are two. */
type Tree = { lexeme: string } | { items: Tree[] } | { members: Member[] }
type Member = [key: string, value: Tree]

/** Everything that counts. */
interface Meaning {
  tenant: string
  credential: string
  endpoint: string
  stream: boolean
  betas: string[]
  version: string | undefined
  attributed: boolean
  maxTokens: number | undefined
  includeMaxTokens: boolean
  rest: Member[]
}

const pairs = Number(process.env['LB_PAIRS'] ?? 3000)

// Few words, so that equal ones meet; and every pair of words that a careless encoding would confuse.
const lexemes = ['1', '1.0', '10', '-0', '0', '1e1', '12345678901234567890', '12345678901234567891', 'null', 'true']
const strings = [
  '""',
  '"a"',
  '"a "',
  '"\\u0061"',
  '"A"',
  '"a\\"b"',
  '"\\\\"',
  '"}{"',
  '"[1,2]"',
  '"a\\n"',
  '"é"',
  '"true"',
]
const keys = ['"a"', '"b"', '"ab"', '"type"', '"text"', '"metadata"', '"a\\""', '""']
const rootKeys = ['"model"', '"messages"', '"tools"', '"m\\u006fdel"', '"temperature"']
const names = ['', 'a', 'b', 'ab', 'a","b', 'a\nb', '\ud800', '\ufffd']

const tree = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ lexeme: fc.constantFrom(...lexemes, ...strings) }),
    fc.record({ items: fc.array(tie('tree'), { maxLength: 3 }) }),
    fc.record({ members: fc.array(fc.tuple(fc.constantFrom(...keys), tie('tree')), { maxLength: 4 }) }),
  ),
})).tree

const meaning: fc.Arbitrary<Meaning> = fc.record({
  tenant: fc.constantFrom(...names),
  credential: fc.constantFrom(...names),
  endpoint: fc.constantFrom('/v1/messages', '/v1/messages/count_tokens', '/v1/chat/completions'),
  stream: fc.boolean(),
  betas: fc.uniqueArray(fc.constantFrom('a', 'b', 'ab'), { maxLength: 3 }),
  version: fc.constantFrom(undefined, '', '2023-06-01', '2026-10-21'),
  attributed: fc.boolean(),
  maxTokens: fc.constantFrom(undefined, 0, 1, PROBE_MAX_TOKENS, PROBE_MAX_TOKENS + 1, 1000, 64_000),
  includeMaxTokens: fc.boolean(),
  rest: fc.array(fc.tuple(fc.constantFrom(...rootKeys), tree), { maxLength: 4 }),
})

/** Two meanings that agree in most, often in all: far-apart pairs find nothing. */
const pair = fc
  .tuple(meaning, meaning, fc.constantFrom('none', 'value', ...(Object.keys(blank()) as (keyof Meaning)[])))
  .chain(([left, other, change]) => {
    if (change === 'none') return fc.constant([left, left] as const)
    if (change !== 'value') return fc.constant([left, { ...left, [change]: other[change] }] as const)
    return fc
      .tuple(fc.nat(), tree)
      .map(([at, value]) => [left, { ...left, rest: replaced(left.rest, at, value) }] as const)
  })

test(`${pairs} pairs: equal key ⇔ equal tuple`, { timeout: 900_000 }, () => {
  const fingerprint = createFingerprint((preimage) => createHash('sha256').update(preimage).digest('base64url'))
  const keyOf = (asked: Meaning, noise: Noise): string => {
    const body = new TextEncoder().encode(written(asked, noise))
    const outline = scanJsonObject(body)
    if (!outline.ok) throw new Error(outline.error.message)
    const betas = noise.shuffled([...asked.betas, ...asked.betas.slice(0, 1)])
    const headers = { 'anthropic-beta': betas.join(noise.one(',', ' , ')), 'anthropic-version': asked.version }
    const key = fingerprint({ ...asked, headers, body, outline: outline.value }, asked)
    if (!key.ok) throw new Error(`no key for ${new TextDecoder().decode(body)}`)
    return key.value
  }
  let equal = 0
  fc.assert(
    fc.property(pair, fc.nat(), ([left, right], seed) => {
      const same = normal(left) === normal(right)
      if (same) equal += 1
      expect(keyOf(left, noiseOf(seed)) === keyOf(right, noiseOf(seed + 1))).toBe(same)
    }),
    { numRuns: pairs },
  )
  console.log(`fingerprint: ${pairs} pairs, ${equal} of them equal`)
  expect(equal).toBeGreaterThan(pairs / 10)
  expect(equal).toBeLessThan(pairs * 0.9)
})

/** The meaning in one spelling, found the slow way: this is the model. */
function normal(asked: Meaning): string {
  const limit = asked.maxTokens ?? Number.POSITIVE_INFINITY
  const counts = asked.includeMaxTokens || limit <= PROBE_MAX_TOKENS
  return JSON.stringify({
    ...asked,
    betas: [...asked.betas].sort(),
    maxTokens: counts ? (asked.maxTokens ?? 'none') : 'large',
    includeMaxTokens: undefined,
    // A header that is missing and an empty one are two.
    version: asked.version ?? null,
    rest: sorted({ members: asked.rest }),
  }).replace(/"maxTokens":"none"/, '"maxTokens":"large"')
}

function sorted(node: Tree): Tree {
  if ('items' in node) return { items: node.items.map(sorted) }
  if (!('members' in node)) return node
  const members = node.members.map(([key, value]): Member => [key, sorted(value)])
  if (isOrdered(members)) return { members }
  return { members: members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)) }
}

/** Two spellings of one key: then the order says which value counts. */
function isOrdered(members: readonly Member[]): boolean {
  return members.some(([key]) => key.includes('\\'))
}

interface Noise {
  one<T>(...choices: T[]): T
  shuffled<T>(list: T[]): T[]
}

function noiseOf(seed: number): Noise {
  let state = seed | 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  const shuffled = <T>(list: T[]): T[] =>
    list
      .map((value) => ({ value, rank: next() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ value }) => value)
  return { one: (...choices) => choices[Math.floor(next() * choices.length)] ?? (choices[0] as never), shuffled }
}

/** One of the many ways to write a meaning down. */
function written(asked: Meaning, noise: Noise): string {
  const members: Member[] = [...asked.rest]
  if (asked.attributed) {
    const text = `"x-anthropic-billing-header: cc_version=2.1.${noise.one('330', '331')}; cch=${noise.one('1', '2')};"`
    const block: Tree = {
      members: [
        ['"type"', { lexeme: '"text"' }],
        ['"text"', { lexeme: text }],
      ],
    }
    members.push(['"system"', { items: [block, { lexeme: '"prompt"' }] }])
  }
  if (asked.maxTokens !== undefined) members.push(['"max_tokens"', { lexeme: String(asked.maxTokens) }])
  if (noise.one(true, false))
    members.push(['"metadata"', { members: [['"id"', { lexeme: noise.one('null', '"x"', '""') }]] }])
  if (noise.one(true, false)) members.push(['"stream"', { lexeme: String(asked.stream) }])
  return render({ members }, noise)
}

function render(node: Tree, noise: Noise): string {
  const space = (): string => noise.one('', '', '', ' ', '\n', '\t\r')
  if ('lexeme' in node) return node.lexeme
  if ('items' in node)
    return `[${space()}${node.items.map((item) => render(item, noise)).join(`${space()},${space()}`)}${space()}]`
  const texts = reordered(node.members, noise).map(
    ([key, value]) => `${key}${space()}:${space()}${render(value, noise)}`,
  )
  return `{${space()}${texts.join(`${space()},${space()}`)}${space()}}`
}

/** Any order that keeps the values of a duplicated key in theirs. */
function reordered(members: Member[], noise: Noise): Member[] {
  if (isOrdered(members)) return members
  const order = noise.shuffled(members.map(([key]) => key))
  const queues = new Map(order.map((key) => [key, members.filter(([name]) => name === key)]))
  return order.map((key) => queues.get(key)?.shift() as Member)
}

function replaced(members: Member[], at: number, value: Tree): Member[] {
  return members.map(([key, old], index) => (index === at % members.length ? [key, value] : [key, old]))
}

function blank(): Meaning {
  const words = { tenant: '', credential: '', endpoint: '', version: undefined }
  return {
    ...words,
    stream: false,
    betas: [],
    attributed: false,
    maxTokens: undefined,
    includeMaxTokens: false,
    rest: [],
  }
}
