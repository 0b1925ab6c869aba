import { type JsonTree, stringifyJson } from '@lb/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  assistant,
  call,
  png,
  result,
  system,
  talk,
  text,
  toAnthropic,
  toChat,
  tool,
  toResponses,
  user,
} from '../../testing/requests.ts'
import { few } from '../../testing/runs.ts'

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((said) => said.trim() !== '')
const inputs = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 })

/** What one side says in a conversation, and what the other answers: a question, an answer, calls and their results. */
const rounds = fc.array(
  fc.record({
    question: words,
    hasImage: fc.boolean(),
    isReminded: fc.boolean(),
    thought: fc.option(words),
    answer: fc.option(words),
    calls: fc.array(
      fc.record({ name: fc.constantFrom('Bash', 'Read'), input: inputs, said: words, failed: fc.boolean() }),
      { maxLength: 3 },
    ),
  }),
  { minLength: 1, maxLength: 6 },
)
type Round = typeof rounds extends fc.Arbitrary<readonly (infer One)[]> ? One : never

/** The turns of an Anthropic conversation. Ids as they come from servers of all kinds. */
function turnsOf(said: readonly Round[], idOf: (round: number, call: number) => string): readonly object[] {
  return said.flatMap(({ question, hasImage, isReminded, thought, answer, calls }, round) => [
    user(text(question), ...(hasImage ? [png()] : [])),
    ...(isReminded ? [system('be brief')] : []),
    assistant(
      ...(thought === null ? [] : [{ type: 'thinking', thinking: thought, signature: 'EqQB' }]),
      text(answer ?? 'Well.'),
      ...calls.map(({ name, input }, index) => call(idOf(round, index), name, input as never)),
    ),
    ...(calls.length === 0
      ? []
      : [
          user(...calls.map(({ said: back, failed }, index) => result(idOf(round, index), back, { is_error: failed }))),
          assistant('Done.'),
        ]),
  ])
}

const idForms: readonly ((round: number, call: number) => string)[] = [
  (round, index) => `toolu_${round}_${index}`,
  (round, index) => `functions.Bash:${round}${index}`,
  (round, index) => `${'x'.repeat(70)}${round}${index}`,
]
const conversations = fc.record({ said: rounds, idOf: fc.constantFrom(...idForms), turns: fc.nat() })

/** A request, which ends where an answer is wanted, and a later one of the same conversation. */
function pair(
  said: readonly Round[],
  idOf: (round: number, call: number) => string,
  at: number,
): readonly [object, object] {
  const turns = turnsOf(said, idOf)
  const ends = turns.flatMap((turn, index) => (Object(turn).role === 'assistant' ? [index] : []))
  const more = { tools: [tool('Bash'), tool('Read')] }
  return [talk(turns.slice(0, ends[at % ends.length]), more), talk([...turns, user('and now?')], more)]
}

function expectExtended(short: unknown, long: unknown): void {
  const beginning = stringifyJson(short as JsonTree).slice(0, -1)
  expect(stringifyJson(long as JsonTree).startsWith(beginning)).toBe(true)
}

describe('I17: a longer conversation begins with the bytes of the shorter one', () => {
  test.each(['openai-compatible', 'openai', 'mistral', 'kimi', 'qwen', 'openrouter', 'gemini-compat', 'azure'])(
    'Anthropic → Chat, %s',
    (profile) => {
      const chat = (request: object) =>
        toChat(request, { profile, options: { lenient: true, preferResponses: false } }).value
      fc.assert(
        fc.property(conversations, ({ said, idOf, turns }) => {
          const [short, long] = pair(said, idOf, turns)
          expectExtended(chat(short).messages, chat(long).messages)
          expect(JSON.stringify(chat(long).tools)).toBe(JSON.stringify(chat(short).tools))
        }),
        few,
      )
    },
  )

  test('Anthropic → Responses', () => {
    fc.assert(
      fc.property(conversations, ({ said, idOf, turns }) => {
        const [short, long] = pair(said, idOf, turns).map((request) => toResponses(request).value)
        expectExtended(short?.input, long?.input)
        expect(long?.instructions).toBe(short?.instructions)
      }),
      few,
    )
  })

  test.each(['anthropic', 'bedrock', 'kimi'])('Chat → Anthropic, %s', (target) => {
    fc.assert(
      fc.property(conversations, ({ said, idOf, turns }) => {
        const options = { options: { lenient: true }, profile: 'openrouter' }
        const [short, long] = pair(said, idOf, turns).map((request) => toChat(request, options).value)
        const back = (request: unknown) => toAnthropic(request, { lenient: true }, target).value
        expectExtended(back(short).messages, back(long).messages)
      }),
      few,
    )
  })
})
