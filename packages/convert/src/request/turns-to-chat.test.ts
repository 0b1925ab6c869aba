import { describe, expect, test } from 'vitest'
import { assistant, call, result, talk, text, toChat, user } from '../../testing/requests.ts'
import { encodeCarrier } from '../carrier.ts'

type Target = Parameters<typeof toChat>[1]
const thought = (thinking: string, signature?: string) => ({
  type: 'thinking',
  thinking,
  ...(signature === undefined ? {} : { signature }),
})
/** The first assistant message of a finished conversation. */
const said = (blocks: readonly unknown[], target: Target = {}, more: object = {}) => {
  const calls = blocks.filter((block) => (block as { type?: string }).type === 'tool_use') as readonly { id: string }[]
  const results = calls.map(({ id }) => result(id, 'ok'))
  const { value, losses } = toChat(talk([user('a'), assistant(...blocks), user(...results, 'b')], { ...more }), target)
  return { message: value.messages.find(({ role }) => role === 'assistant'), losses }
}

describe('the texts of a turn', () => {
  test('next to each other are pieces of one sentence', () => {
    expect(said(['The sky is ', 'blue', '.'])).toEqual({
      message: { role: 'assistant', content: 'The sky is blue.' },
      losses: ['block_boundaries_joined'],
    })
  })

  test('apart from each other are kept apart by a blank line', () => {
    const blocks = ['one', call('t1'), 'two', thought('hm'), 'three', 'four']
    expect(said(blocks).message).toMatchObject({ content: 'one\n\ntwo\n\nthreefour', tool_calls: [{ id: 't1' }] })
    expect(said(blocks).losses).toEqual(['thinking_dropped', 'block_order_lost', 'block_boundaries_joined'])
  })

  test('are parts where arrays are taken', () => {
    expect(said(['one', 'two'], { profile: 'mistral' })).toEqual({
      message: {
        role: 'assistant',
        content: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ],
      },
      losses: [],
    })
  })
})

describe('past reasoning of the same vendor', () => {
  const kept = encodeCarrier({ v: 1, p: 'deepseek', k: 'text' })
  const turn = [thought('so', kept), 'x', call('t1')]

  test('goes back with tool calls, byte for byte (case 31)', () => {
    expect(said(turn, { profile: 'deepseek' })).toEqual({
      message: {
        role: 'assistant',
        content: 'x',
        reasoning_content: 'so',
        tool_calls: [{ id: 't1', type: 'function', function: { name: 'Bash', arguments: '{}' } }],
      },
      losses: [],
    })
  })

  test('does not go back without tool calls', () => {
    expect(said([thought('so', kept), 'x'], { profile: 'deepseek' })).toEqual({
      message: { role: 'assistant', content: 'x' },
      losses: ['thinking_dropped'],
    })
  })

  test('goes back always, in the current turn only, or never, as the target wants', () => {
    const set = (reasoningReplay: 'always' | 'current-turn' | 'never'): Target => ({
      profile: 'deepseek',
      set: { reasoningReplay, reasoningRequired: false },
    })
    expect(said([thought('so', kept), 'x'], set('always')).message).toMatchObject({ reasoning_content: 'so' })
    expect(said(turn, set('never'))).toMatchObject({ losses: ['thinking_dropped'] })
    expect(said(turn, set('current-turn'))).toMatchObject({ losses: ['thinking_dropped'] })
    const open = talk([user('a'), assistant(...turn), user(result('t1', 'ok'))])
    expect(toChat(open, set('current-turn')).value.messages[1]).toMatchObject({ reasoning_content: 'so' })
  })

  test('hidden from the client, it comes back from the signature', () => {
    const hidden = encodeCarrier({ v: 1, p: 'deepseek', k: 'text', d: 'so' })
    expect(said([thought('', hidden), call('t1')], { profile: 'deepseek' }).message).toMatchObject({
      reasoning_content: 'so',
    })
  })

  test('of several blocks is one text', () => {
    expect(said([thought('a', kept), thought('b', kept), call('t1')], { profile: 'deepseek' }).message).toMatchObject({
      reasoning_content: 'ab',
    })
  })

  test('goes into the field that the target reads', () => {
    const by = (profile: string) =>
      said([thought('so', encodeCarrier({ v: 1, p: profile, k: 'text' })), 'x', call('t1')], { profile }).message
    expect(by('kimi')).toMatchObject({ reasoning_content: 'so' })
    expect(by('vllm')).toMatchObject({ reasoning: 'so' })
    expect(by('openrouter')).toMatchObject({ reasoning: 'so' })
    expect(by('mistral')).toMatchObject({
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'so' }] },
        { type: 'text', text: 'x' },
      ],
    })
    expect(by('gemini-compat')).not.toHaveProperty('reasoning_content')
  })

  test('between parts stands alone where nothing was said', () => {
    const alone = [thought('so', encodeCarrier({ v: 1, p: 'mistral', k: 'text' })), call('t1')]
    expect(said(alone, { profile: 'mistral' }).message).toMatchObject({
      content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'so' }] }],
    })
    const several = [thought('so', encodeCarrier({ v: 1, p: 'mistral', k: 'text' })), 'x', 'y', call('t1')]
    expect(said(several, { profile: 'mistral' }).message).toMatchObject({
      content: [{ type: 'thinking' }, { text: 'x' }, { text: 'y' }],
    })
  })
})

describe('opaque reasoning', () => {
  test('goes back entry for entry, with the text from the block', () => {
    const entries = [
      { type: 'reasoning.summary', summary: 2, index: 0 },
      { type: 'reasoning.text', text: 3, signature: 'sig', index: 1 },
      { type: 'reasoning.encrypted', data: 'xyz', index: 2 },
    ]
    const signature = encodeCarrier({ v: 1, p: 'openrouter', k: 'details', d: entries })
    expect(said([thought('abcde', signature), call('t1')], { profile: 'openrouter' })).toMatchObject({
      message: {
        reasoning_details: [
          { type: 'reasoning.summary', summary: 'ab', index: 0 },
          { type: 'reasoning.text', text: 'cde', signature: 'sig', index: 1 },
          { type: 'reasoning.encrypted', data: 'xyz', index: 2 },
        ],
      },
      losses: [],
    })
    expect(
      said([{ type: 'redacted_thinking', data: signature }, call('t1')], { profile: 'openrouter' }).message,
    ).toHaveProperty('reasoning_details')
  })

  test('that was damaged on the way gives what is left', () => {
    const broken = encodeCarrier({ v: 1, p: 'openrouter', k: 'details', d: 'none' })
    expect(said([thought('abc', broken), call('t1')], { profile: 'openrouter' }).message).toMatchObject({
      reasoning: 'abc',
    })
  })

  test("is Gemini's signature, on the very call or text", () => {
    const signature = encodeCarrier({ v: 1, p: 'gemini-compat', k: 'sig', d: 'gs' })
    const target: Target = { profile: 'gemini-compat' }
    const google = { extra_content: { google: { thought_signature: 'gs' } } }
    expect(said([thought('', signature), call('t1')], target).message).toMatchObject({
      tool_calls: [{ id: 't1', ...google }],
    })
    expect(said([thought('', signature), 'x'], target).message).toMatchObject({ content: 'x', ...google })
    expect(said(['x', thought('', signature)], target).message).not.toHaveProperty('extra_content')
  })
})

test('a call that nobody signed says so where the target refuses one without a word, and only the first of a turn', () => {
  const target: Target = { profile: 'gemini-compat', options: { model: 'gemini-3-pro-preview' } }
  const signature = encodeCarrier({ v: 1, p: 'gemini-compat', k: 'sig', d: 'gs' })
  const signaturesOf = (content: readonly (object | string)[], at: Target): readonly unknown[] =>
    (
      said(content, at).message as { readonly tool_calls: readonly { readonly extra_content?: unknown }[] }
    ).tool_calls.map(({ extra_content }) => extra_content)
  const stand = { google: { thought_signature: 'skip_thought_signature_validator' } }
  expect(signaturesOf([call('t1'), call('t2')], target)).toEqual([stand, undefined])
  expect(said([call('t1'), call('t2')], target).losses).toEqual(['thinking_emptied'])
  expect(signaturesOf([thought('', signature), call('t1')], target)).toEqual([{ google: { thought_signature: 'gs' } }])
  expect(signaturesOf([call('t1')], { profile: 'gemini-compat', options: { model: 'gemini-2.5-pro' } })).toEqual([
    undefined,
  ])
})

describe('past reasoning of somebody else (case 32)', () => {
  const foreign = [thought('so', encodeCarrier({ v: 1, p: 'kimi', k: 'text' })), call('t1')]
  const genuine = [thought('so', 'EqQBgenuine'), call('t1')]

  test('stays behind', () => {
    expect(said(foreign)).toMatchObject({ losses: ['thinking_dropped'] })
    expect(said(genuine)).toMatchObject({ losses: ['thinking_dropped'] })
    expect(JSON.stringify(said(genuine).message)).not.toContain('genuine')
    expect(said([thought('so'), call('t1')]).losses).toEqual(['thinking_dropped'])
  })

  test('stands in as text where the target refuses a call without any', () => {
    expect(said(foreign, { profile: 'deepseek' })).toMatchObject({ message: { reasoning_content: 'so' }, losses: [] })
    expect(said(genuine, { profile: 'deepseek' })).toMatchObject({ message: { reasoning_content: 'so' }, losses: [] })
    expect(JSON.stringify(said(genuine, { profile: 'deepseek' }).message)).not.toContain('genuine')
  })

  test('or an empty one stands in, when nobody has any', () => {
    expect(said([call('t1')], { profile: 'deepseek' })).toMatchObject({
      message: { reasoning_content: '' },
      losses: ['thinking_emptied'],
    })
    expect(said([{ type: 'redacted_thinking', data: 'x' }, call('t1')], { profile: 'deepseek' })).toMatchObject({
      message: { reasoning_content: '' },
      losses: ['thinking_dropped', 'thinking_emptied'],
    })
  })

  test('but not where reasoning is switched off', () => {
    expect(said([call('t1')], { profile: 'deepseek' }, { thinking: { type: 'disabled' } }).message).not.toHaveProperty(
      'reasoning_content',
    )
  })

  test("goes to Anthropic's models behind a gateway with its genuine signature", () => {
    const target: Target = { profile: 'openrouter', options: { model: 'anthropic/claude-opus-5' } }
    expect(said(genuine, target)).toMatchObject({
      message: {
        reasoning_details: [
          { type: 'reasoning.text', text: 'so', signature: 'EqQBgenuine', format: 'anthropic-claude-v1', index: 0 },
        ],
      },
      losses: [],
    })
    expect(said([thought('so'), call('t1')], target).losses).toEqual(['thinking_dropped'])
  })
})

describe('names and ids', () => {
  test('of calls and results are the same, however they have to be changed (case 34)', () => {
    const ids = ['functions.Bash:0', 'x'.repeat(41), 'ü']
    const { value } = toChat(
      talk([user('a'), assistant(...ids.map((id) => call(id))), user(...ids.map((id) => result(id, id)))]),
    )
    const [, answer, ...results] = value.messages
    const sent = answer?.role === 'assistant' ? (answer.tool_calls ?? []).map(({ id }) => id) : []
    expect(results.map((message) => message.role === 'tool' && message.tool_call_id)).toEqual(sent)
    expect(new Set(sent).size).toBe(3)
    for (const id of sent) expect(id).toMatch(/^lb_[\w-]{37}$/)
  })

  test('of calls that are no longer declared are changed like others (case 35)', () => {
    const long = `mcp__${'x'.repeat(70)}`
    const { value, context } = toChat(talk([user('a'), assistant(call('t1', long)), user(result('t1'))]))
    const [name] = Object.keys(context.renamedTools)
    expect(value.messages[1]).toMatchObject({ tool_calls: [{ function: { name } }] })
    expect(context.renamedTools).toEqual({ [String(name)]: long })
  })

  test('an id that was wrapped for the client is unwrapped on its way back', () => {
    const { value } = toChat(
      talk([user('a'), assistant(call('lbx_ZnVuY3Rpb25zLkJhc2g6MA')), user(result('lbx_ZnVuY3Rpb25zLkJhc2g6MA'))]),
      { profile: 'vllm' },
    )
    expect(value.messages[1]).toMatchObject({ tool_calls: [{ id: 'functions.Bash:0' }] })
    expect(value.messages[2]).toMatchObject({ tool_call_id: 'functions.Bash:0' })
  })
})

test('cache marks of texts that are joined are reported', () => {
  expect(said([text('a', { cache_control: { type: 'ephemeral' } })]).losses).toEqual(['cache_control_dropped'])
})
