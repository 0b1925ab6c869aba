import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createClientIds, createUpstreamIds, messageId, unwrapId } from './ids.ts'

const anyId = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('', 'call_0', 'functions.Bash:0', 'lbx_', 'lbx_eA', 'lbx2_eA'),
)

describe('ids to the upstream (case 34)', () => {
  test.each([
    ['openai40', 'toolu_01ABCdef', /^toolu_01ABCdef$/],
    ['openai40', 'functions.Bash:0', /^lb_[\w-]{37}$/],
    ['openai40', 'x'.repeat(41), /^lb_[\w-]{37}$/],
    ['openai40', 'x'.repeat(40), /^x{40}$/],
    ['responses64', 'x'.repeat(65), /^lb_[\w-]{43}$/],
    ['mistral9', 'toolu_01ABCdef', /^[a-zA-Z0-9]{9}$/],
    ['mistral9', 'abcDEF123', /^abcDEF123$/],
    ['any', 'functions.Bash:0', /^functions\.Bash:0$/],
    ['anthropic', 'functions.Bash:0', /^lb_[\w-]{43}$/],
  ] as const)('%s: %s', (rule, id, expected) => {
    expect(createUpstreamIds(rule).of(id)).toMatch(expected)
  })

  test('are those of the upstream itself where we had wrapped them', () => {
    const wrapped = createClientIds([], 's').of('functions.Bash:0')
    expect(createUpstreamIds('any').of(wrapped)).toBe('functions.Bash:0')
  })

  test('depend on the id alone, not on what came before it', () => {
    const [one, other] = [createUpstreamIds('mistral9'), createUpstreamIds('mistral9')]
    other.of('first')
    expect(one.of('toolu_1')).toBe(other.of('toolu_1'))
    expect(one.of('toolu_1')).toBe(one.of('toolu_1'))
  })

  test('that would clash count until they are free', () => {
    const ids = createUpstreamIds('mistral9')
    const digest = ids.of('toolu_1')
    const again = createUpstreamIds('mistral9')
    expect(again.of(digest)).toBe(digest)
    expect(again.of('toolu_1')).not.toBe(digest)
    expect(again.of('toolu_1')).toMatch(/^[a-zA-Z0-9]{9}$/)
  })

  test('have neither line nor dash at Mistral, whatever the digest has', () => {
    const ids = createUpstreamIds('mistral9')
    for (let count = 0; count < 200; count += 1) expect(ids.of(`toolu_${count}`)).toMatch(/^[a-zA-Z0-9]{9}$/)
  })

  test('are different for different ids', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyId.map(unwrapId)),
        fc.constantFrom('openai40', 'mistral9', 'responses64', 'any'),
        (all, rule) => {
          const ids = createUpstreamIds(rule)
          expect(new Set(all.map((id) => ids.of(id))).size).toBe(all.length)
        },
      ),
    )
  })
})

describe('ids to the client', () => {
  test('pass when they are legal, however long', () => {
    const ids = createClientIds([], 'seed')
    for (const id of ['call_1', 'x'.repeat(80), 'chatcmpl-tool-1']) expect(ids.of(id)).toBe(id)
  })

  test('come back as they were, and no two are the same', () => {
    fc.assert(
      fc.property(fc.array(anyId), fc.array(anyId), (said, used) => {
        const ids = createClientIds(used, 'seed')
        const given = said.map((id) => ids.of(id))
        expect(new Set([...given, ...used]).size).toBe(given.length + new Set(used).size)
        expect(given.every((id) => /^[\w-]+$/.test(id))).toBe(true)
        expect(given.map(unwrapId)).toEqual(said)
      }),
    )
  })

  test('used before in the conversation are told apart', () => {
    expect(createClientIds(['call_0'], 'seed').of('call_0')).toBe('lbx2_Y2FsbF8w')
    expect(createClientIds(['call_0', 'lbx2_Y2FsbF8w'], 'seed').of('call_0')).toBe('lbx3_Y2FsbF8w')
  })

  test('that all calls share are counted on, and not from the start each time', () => {
    const ids = createClientIds(['call_0'], 'seed')
    const start = process.cpuUsage()
    const given = Array.from({ length: 5000 }, () => ids.of('call_0'))
    expect(process.cpuUsage(start).user).toBeLessThan(2_000_000)
    expect(new Set(given).size).toBe(5000)
    expect(given.slice(0, 2)).toEqual(['lbx2_Y2FsbF8w', 'lbx3_Y2FsbF8w'])
  })

  test('that are missing are made from the answer and the place', () => {
    const ids = createClientIds([], 'seed')
    expect(ids.generate(0)).toMatch(/^lbg_[\w-]{24}$/)
    expect(ids.generate(0)).not.toBe(ids.generate(1))
    expect(createClientIds([], 'seed').generate(1)).toBe(ids.generate(1))
    expect(createClientIds([], 'other').generate(1)).not.toBe(ids.generate(1))
    const made = ids.generate(2)
    expect(ids.of(made)).not.toBe(made)
  })

  test('that only look wrapped stay as they are', () => {
    expect(unwrapId('lbx_!')).toBe('lbx_!')
    expect(unwrapId('lbx_A')).toBe('lbx_A')
    expect(unwrapId('alb x_eA')).toBe('alb x_eA')
  })
})

test('message ids are those of the upstream, in the form that clients know, or made from the seed', () => {
  expect(messageId('chatcmpl-1', 'seed')).toBe('msg_chatcmpl-1')
  expect(messageId('msg_1', 'seed')).toBe('msg_1')
  expect(messageId('a/b:c', 'seed')).toBe('msg_a_b_c')
  expect(messageId('', 'seed')).toMatch(/^msg_lb[\w-]{22}$/)
  expect(messageId('', 'seed')).toBe(messageId('', 'seed'))
  expect(messageId('', 'seed')).not.toBe(messageId('', 'other'))
})
