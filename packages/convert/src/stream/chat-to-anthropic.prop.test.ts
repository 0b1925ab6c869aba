import type { Anthropic, Json, JsonObject } from '@lb/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anthropicGrammarProblems } from '../../testing/grammar.ts'
import { type Meaning, meaningOfMessage } from '../../testing/meaning.ts'
import { few } from '../../testing/runs.ts'
import { chatStream, chunk, usageChunk } from '../../testing/streams.ts'
import { foldAnthropicEvents } from '../response/fold-anthropic.ts'

/** An answer, before it is cut into chunks. */
interface Answer {
  readonly thinking: string
  readonly text: string
  readonly calls: readonly { readonly name: string; readonly input: JsonObject }[]
}

const answers: fc.Arbitrary<Answer> = fc.record({
  thinking: fc.string({ unit: 'grapheme' }),
  text: fc.string({ unit: 'grapheme' }),
  calls: fc.array(
    fc.record({
      name: fc.constantFrom('Bash', 'Read', 'Write'),
      input: fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })) as fc.Arbitrary<JsonObject>,
    }),
    { maxLength: 4 },
  ),
})

/** How to cut and mix: each number takes the next decision. */
const choices = fc.infiniteStream(fc.nat(1000))

/** The answer as chunks: texts in pieces, calls in pieces and mixed. */
function chunksOf(answer: Answer, decide: () => number): readonly Json[] {
  const pieces = (text: string): readonly string[] => {
    const out: string[] = []
    for (let at = 0; at < text.length; ) {
      const end = at + 1 + (decide() % 9)
      out.push(text.slice(at, end))
      at = end
    }
    return out
  }
  const calls = answer.calls.map(({ name, input }, index) => {
    const [head, ...rest] = ['', ...pieces(JSON.stringify(input))]
    const first = { index, id: `call_${index}`, type: 'function', function: { name, arguments: head ?? '' } }
    return [first, ...rest.map((said) => ({ index, function: { arguments: said } }))]
  })
  const mixed: Json[] = []
  while (calls.some((call) => call.length > 0)) {
    const left = calls.filter((call) => call.length > 0)
    const next = left[decide() % left.length]?.shift()
    mixed.push(chunk({ tool_calls: [next ?? null] }))
  }
  return [
    chunk({ role: 'assistant', content: '' }),
    ...pieces(answer.thinking).map((piece) => chunk({ reasoning_content: piece })),
    ...pieces(answer.text).map((piece) => chunk({ content: piece })),
    ...mixed,
    chunk({}, answer.calls.length > 0 ? 'tool_calls' : 'stop'),
    usageChunk(11, 22),
  ]
}

const decider =
  (stream: fc.Stream<number>): (() => number) =>
  () =>
    stream.next().value

function meant(events: readonly Anthropic.Event[]): Meaning {
  return meaningOfMessage(foldAnthropicEvents(events))
}

/** Calls in the order of their first deltas, which is the order of their indices here. */
function expected(answer: Answer): Meaning {
  return {
    text: answer.text,
    thinking: answer.thinking,
    calls: answer.calls.map(({ name, input }) => ({ name, input: JSON.parse(JSON.stringify(input)) })),
  }
}

test('whatever is said, cut and mixed in whatever way, comes out whole and in the grammar', () => {
  fc.assert(
    fc.property(answers, choices, (answer, decisions) => {
      const { events, report } = chatStream(chunksOf(answer, decider(decisions)))
      expect(anthropicGrammarProblems(events)).toEqual([])
      const { calls, ...said } = meant(events)
      const { calls: wanted, ...told } = expected(answer)
      expect(said).toEqual(told)
      expect(new Set(calls.map((call) => JSON.stringify(call)))).toEqual(
        new Set(wanted.map((call) => JSON.stringify(call))),
      )
      expect(calls.length).toBe(wanted.length)
      expect(report.usage).toMatchObject({ input_tokens: 11, output_tokens: 22 })
    }),
    few,
  )
})

test('I20: the same chunks give the same events', () => {
  fc.assert(
    fc.property(answers, fc.array(fc.nat(1000), { minLength: 1 }), (answer, list) => {
      let at = 0
      const chunks = chunksOf(answer, () => list[at++ % list.length] ?? 0)
      expect(chatStream(chunks)).toEqual(chatStream(chunks))
    }),
    few,
  )
})

describe('I21: uglier spellings of a stream mean the same', () => {
  type Choices = readonly { readonly [name: string]: Json }[]
  const eachChoice = (
    chunks: readonly Json[],
    change: (choice: { readonly [name: string]: Json }) => Json,
  ): readonly Json[] => chunks.map((one) => ({ ...Object(one), choices: (Object(one).choices as Choices).map(change) }))
  const eachDelta = (chunks: readonly Json[], change: (delta: JsonObject) => JsonObject): readonly Json[] =>
    eachChoice(chunks, (choice) => ({ ...choice, delta: change(Object(choice['delta'])) }))
  const eachCall = (chunks: readonly Json[], change: (call: JsonObject) => JsonObject): readonly Json[] =>
    eachDelta(chunks, (delta) =>
      Array.isArray(delta['tool_calls'])
        ? { ...delta, tool_calls: delta['tool_calls'].map((call) => change(Object(call))) }
        : delta,
    )

  const spellings: readonly (readonly [string, (chunks: readonly Json[]) => readonly Json[]])[] = [
    ['a repeated finish', (chunks) => [...chunks.slice(0, -1), ...chunks.slice(-2)]],
    [
      'a finish before the last text',
      (chunks) => [...chunks.slice(0, -3), ...chunks.slice(-2, -1), ...chunks.slice(-3, -2), ...chunks.slice(-1)],
    ],
    [
      'an empty finish reason everywhere',
      (chunks) => eachChoice(chunks, (choice) => ({ ...choice, finish_reason: choice['finish_reason'] ?? '' })),
    ],
    [
      'usage in every chunk',
      (chunks) =>
        chunks.map((one, index) => ({
          usage: { prompt_tokens: 11, completion_tokens: Math.min(index, 22), total_tokens: 11 + Math.min(index, 22) },
          ...Object(one),
        })),
    ],
    [
      'usage in the last choice',
      (chunks) => [
        ...chunks.slice(0, -2),
        ...eachChoice(chunks.slice(-2, -1), (choice) => ({ ...choice, usage: Object(chunks.at(-1)).usage })),
      ],
    ],
    [
      'empty deltas in between',
      (chunks) => chunks.flatMap((one) => [one, chunk({}), chunk({ content: '', reasoning_content: '' })]),
    ],
    [
      'null members',
      (chunks) =>
        eachDelta(chunks, (delta) => ({
          content: null,
          reasoning_content: null,
          tool_calls: null,
          refusal: null,
          function_call: null,
          ...delta,
        })),
    ],
    ['ids and names repeated', (chunks) => eachCall(chunks, (call) => ({ ...call, id: `call_${call['index']}` }))],
    [
      'ids and names empty',
      (chunks) =>
        eachCall(chunks, (call) => ({ id: '', ...call, function: { name: '', ...Object(call['function']) } })),
    ],
    ['indices with gaps', (chunks) => eachCall(chunks, (call) => ({ ...call, index: Number(call['index']) * 3 + 1 }))],
    [
      'other choices',
      (chunks) =>
        chunks.map((one) => ({
          ...Object(one),
          choices: [...Object(one).choices, { index: 1, delta: { content: 'no' }, finish_reason: 'length' }],
        })),
    ],
    [
      'unknown members',
      (chunks) =>
        eachDelta(
          chunks.map((one) => ({ ...Object(one), x_new: 1 })),
          (delta) => ({ ...delta, x_new: 2 }),
        ),
    ],
    [
      'chunks without choices',
      (chunks) => chunks.flatMap((one) => [{ id: '', choices: [] }, { id: 'chatcmpl-1' }, one]),
    ],
    [
      'no types, no roles, no heads',
      (chunks) =>
        eachCall(
          chunks.map((one) => ({
            choices: Object(one).choices,
            ...(Object(one).usage ? { usage: Object(one).usage } : {}),
          })),
          ({ type, ...call }) => call,
        ),
    ],
    [
      'reasoning by another name',
      (chunks) =>
        eachDelta(chunks, ({ reasoning_content, ...delta }) =>
          reasoning_content === undefined ? delta : { ...delta, reasoning: reasoning_content },
        ),
    ],
  ]

  test.each(spellings)('%s', (_what, spell) => {
    fc.assert(
      fc.property(answers, choices, (answer, decisions) => {
        const chunks = chunksOf(answer, decider(decisions))
        const plain = chatStream(chunks)
        const ugly = chatStream(spell(chunks))
        expect(anthropicGrammarProblems(ugly.events)).toEqual([])
        expect(meant(ugly.events)).toEqual(meant(plain.events))
        expect(stopOf(ugly.events)).toBe(stopOf(plain.events))
        expect(ugly.report.usage).toEqual(plain.report.usage)
      }),
      few,
    )
  })

  test('no end mark', () => {
    fc.assert(
      fc.property(answers, choices, (answer, decisions) => {
        const chunks = chunksOf(answer, decider(decisions))
        expect(chatStream(chunks, {}, { isMarked: false }).events).toEqual(chatStream(chunks).events)
      }),
      few,
    )
  })

  test('no index, where calls do not interleave', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const chunks = chunksOf(answer, () => 0)
        const bare = eachCall(chunks, ({ index, ...call }) => call)
        expect(chatStream(bare).events).toEqual(chatStream(chunks).events)
      }),
      few,
    )
  })

  function stopOf(events: readonly Anthropic.Event[]): string | null {
    return foldAnthropicEvents(events).stop_reason
  }
})

describe('nothing breaks it', () => {
  test('cut anywhere before the finish, it ends in an error and never in a reason', () => {
    fc.assert(
      fc.property(answers, choices, fc.nat(), (answer, decisions, at) => {
        const chunks = chunksOf(answer, decider(decisions))
        const { events, report } = chatStream(chunks.slice(0, at % (chunks.length - 1)), {}, { isMarked: false })
        expect(report.phase).toBe('failed')
        expect(anthropicGrammarProblems(events)).toEqual([])
        expect(events.some((event) => event.type === 'message_delta' || event.type === 'message_stop')).toBe(false)
      }),
      few,
    )
  })

  test('whatever is pushed in, nothing is thrown, and what comes out is in the grammar', () => {
    const chunkLike = fc.record(
      {
        id: fc.constantFrom<Json>('a', '', 3),
        error: fc.constantFrom<Json>(null, 'x', {}),
        usage: fc.jsonValue({ maxDepth: 1 }),
        choices: fc.array(
          fc.record(
            {
              index: fc.constantFrom<Json>(0, 1, 'x'),
              finish_reason: fc.constantFrom<Json>(null, '', 'stop', 'length', 'tool_calls', 'error', 4),
              delta: fc.record(
                {
                  content: fc.jsonValue({ maxDepth: 2 }),
                  reasoning: fc.jsonValue({ maxDepth: 1 }),
                  reasoning_details: fc.jsonValue({ maxDepth: 2 }),
                  refusal: fc.jsonValue({ maxDepth: 1 }),
                  function_call: fc.jsonValue({ maxDepth: 2 }),
                  tool_calls: fc.oneof(
                    fc.jsonValue({ maxDepth: 2 }),
                    fc.array(
                      fc.record(
                        {
                          index: fc.constantFrom<Json>(0, 1, null),
                          id: fc.constantFrom<Json>('a', 'b', '', 1),
                          function: fc.record(
                            {
                              name: fc.constantFrom<Json>('A', '', null),
                              arguments: fc.constantFrom<Json>('{', '}', '"x"', '', 5, {}),
                            },
                            { requiredKeys: [] },
                          ),
                        },
                        { requiredKeys: [] },
                      ),
                      { maxLength: 3 },
                    ),
                  ),
                },
                { requiredKeys: [] },
              ),
            },
            { requiredKeys: [] },
          ),
          { maxLength: 2 },
        ),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(
        fc.array(fc.oneof(chunkLike, fc.jsonValue({ maxDepth: 2 })), { maxLength: 8 }),
        fc.boolean(),
        (chunks, isMarked) => {
          const { events, report } = chatStream(chunks as readonly Json[], {}, { isMarked })
          expect(anthropicGrammarProblems(events)).toEqual([])
          expect(['finished', 'failed']).toContain(report.phase)
        },
      ),
      { numRuns: few.numRuns * 10 },
    )
  })
})
