import type { JsonObject } from '@lb/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assistant, call, png, result, talk, text, tool, user } from '../../testing/requests.ts'
import { roundTrip } from '../../testing/round-trip.ts'

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((said) => said.trim() !== '')
/** Chat has no word for a call that failed: it is said in the text, and reported. */
const rarely = fc.nat(15).map((one) => one === 0)
const inputs = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
const mark = fc.constantFrom({}, {}, {}, { cache_control: { type: 'ephemeral' } })
const said = fc.tuple(words, mark).map(([one, marked]) => ({ ...text(one), ...marked }))

/** A question, what the model answers and calls, and what the tools say to that. */
const rounds = fc.array(
  fc.record({
    question: fc.array(fc.oneof({ weight: 4, arbitrary: said }, { weight: 1, arbitrary: fc.constant(png()) }), {
      minLength: 1,
      maxLength: 3,
    }),
    answer: fc.option(words),
    calls: fc.array(
      fc.record({
        name: fc.constantFrom('Bash', 'mcp__files__read'),
        input: inputs,
        back: words,
        failed: rarely,
      }),
      { maxLength: 3 },
    ),
  }),
  { minLength: 1, maxLength: 4 },
)

const turns = rounds.map((all) =>
  all.flatMap(({ question, answer, calls }, round) => [
    user(...question),
    assistant(
      ...(answer === null ? [text('Well.')] : [text(answer)]),
      ...calls.map(({ name, input }, index) => call(`toolu_${round}_${index}`, name, input as never)),
    ),
    ...(calls.length === 0
      ? []
      : [
          user(
            ...calls.map(({ back, failed }, index) => result(`toolu_${round}_${index}`, back, { is_error: failed })),
          ),
          assistant('Done.'),
        ]),
  ]),
)

const request = fc
  .record({
    turns,
    more: fc.record(
      {
        system: fc.oneof(words, fc.array(said, { minLength: 1, maxLength: 3 })),
        tool_choice: fc.constantFrom(
          { type: 'auto' },
          { type: 'any' },
          { type: 'none' },
          { type: 'tool', name: 'Bash' },
        ),
        stop_sequences: fc.uniqueArray(words, { minLength: 1, maxLength: 4 }),
        stream: fc.boolean(),
        max_tokens: fc.integer({ min: 1, max: 64_000 }),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ turns: before, more }) => {
    const tools = [tool('Bash'), tool('mcp__files__read')]
    // As JSON: the generator's objects have no prototype.
    return JSON.parse(JSON.stringify(talk([...before, user('go on')], { tools, ...more }))) as JsonObject
  })

test('I12: a generated request that went to Chat and back is itself again, but for what was reported', () => {
  const kinds = new Map<string, number>()
  fc.assert(
    fc.property(request, (body) => {
      const { kind, unexcused } = roundTrip(body)
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      expect(unexcused).toEqual([])
    }),
  )
  // Nearly all of this can be said in Chat: a test in which everything is excused shows nothing.
  const all = [...kinds.values()].reduce((sum, count) => sum + count, 0)
  expect(kinds.get('refused') ?? 0).toBe(0)
  expect(kinds.get('same') ?? 0).toBeGreaterThan(all / 4)
})
