import { describe, expect, test } from 'vitest'
import { notToAnthropic, toAnthropic } from '../../testing/requests.ts'

type More = [Parameters<typeof toAnthropic>[1]?, string?]
const ask = (members: object = {}): object => ({
  model: 'gpt-5',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'x' }],
  ...members,
})
const older: More = [{ model: 'claude-sonnet-4-5' }]

test('a plain request loses nothing', () => {
  const { json, losses, context } = toAnthropic(ask())
  expect(json).toBe(
    '{"model":"claude-opus-5","max_tokens":100,"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]}',
  )
  expect(losses).toEqual([])
  expect(context).toEqual({
    version: 1,
    model: 'gpt-5',
    seed: 'seed',
    renamedTools: {},
    customTools: [],
    includeUsage: false,
    createdEpochS: 0,
  })
})

test('the context is plain JSON, and knows whether usage is wanted', () => {
  const { context } = toAnthropic(ask({ stream: true, stream_options: { include_usage: true } }), { createdEpochS: 7 })
  expect(context).toMatchObject({ includeUsage: true, createdEpochS: 7 })
  expect(JSON.parse(JSON.stringify(context))).toEqual(context)
})

test('what is no Chat request is refused in the form of the API', () => {
  expect(notToAnthropic('[]')).toMatchObject({ code: 'invalid_request', path: '' })
  const { body, status, losses } = notToAnthropic(ask({ messages: 'x' }))
  expect(status).toBe(400)
  expect(losses).toEqual([])
  expect(body).toMatchObject({ error: { type: 'invalid_request_error', param: 'messages', code: null } })
})

describe('limits', () => {
  test('of the answer: the new name, the old one, or the most that the model can', () => {
    expect(toAnthropic(ask({ max_completion_tokens: 7 })).value.max_tokens).toBe(7)
    expect(toAnthropic(ask({ max_completion_tokens: null })).value.max_tokens).toBe(100)
    expect(toAnthropic(ask({ max_tokens: null })).value.max_tokens).toBe(128_000)
    const { value, all } = toAnthropic(ask({ max_tokens: 999_999 }))
    expect(value.max_tokens).toBe(128_000)
    expect(all).toEqual([{ code: 'max_tokens_clamped', path: '/max_tokens', detail: '999999', count: 1 }])
  })

  test('of the sampling: not for the newest models (case 42)', () => {
    const { value, losses } = toAnthropic(ask({ temperature: 0.5, top_p: 0.9, top_k: 4 }))
    expect(value).not.toHaveProperty('temperature')
    expect(losses).toEqual(['sampling_dropped:temperature', 'sampling_dropped:top_p', 'sampling_dropped:top_k'])
  })

  test('of the sampling: as they are for older ones, none above 1', () => {
    expect(toAnthropic(ask({ temperature: 0, top_p: 1, top_k: 4 }), { model: 'claude-sonnet-4-0' })).toMatchObject({
      value: { temperature: 0, top_p: 1, top_k: 4 },
      losses: [],
    })
    expect(toAnthropic(ask({ temperature: 1.5, top_p: null }), ...older)).toMatchObject({
      value: { temperature: 1 },
      losses: ['sampling_clamped:1.5'],
    })
    expect(toAnthropic(ask({ temperature: 1 }), ...older).losses).toEqual([])
  })

  test.each(['claude-opus-4-1', 'claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-6'])(
    'of the sampling: one of two where the model %s refuses both',
    (model) => {
      const both = toAnthropic(ask({ temperature: 0, top_p: 1, top_k: 4 }), { model })
      expect(both).toMatchObject({ value: { temperature: 0, top_k: 4 }, losses: ['sampling_dropped:top_p'] })
      expect(both.value).not.toHaveProperty('top_p')
      expect(toAnthropic(ask({ top_p: 0.9, temperature: null }), { model })).toMatchObject({
        value: { top_p: 0.9 },
        losses: [],
      })
    },
  )

  test('of the sampling: none while the model reasons, with a budget or by its own measure', () => {
    const request = ask({ max_tokens: 9000, temperature: 0.5, reasoning_effort: 'low' })
    expect(toAnthropic(request, ...older).losses).toEqual(['sampling_dropped:temperature'])
    expect(toAnthropic(request, { model: 'claude-opus-4-6' }).losses).toEqual(['sampling_dropped:temperature'])
  })

  test('where to stop: a text, several, none of white space', () => {
    expect(toAnthropic(ask({ stop: 'END' })).value.stop_sequences).toEqual(['END'])
    expect(toAnthropic(ask({ stop: ['a', '\n'] }))).toMatchObject({
      value: { stop_sequences: ['a'] },
      losses: ['stop_dropped'],
    })
    expect(toAnthropic(ask({ stop: '\n' })).value).not.toHaveProperty('stop_sequences')
    expect(toAnthropic(ask({ stop: null }))).toMatchObject({ losses: [] })
  })
})

describe('members', () => {
  test('stream is said when it is wanted', () => {
    expect(toAnthropic(ask({ stream: true })).value.stream).toBe(true)
    expect(toAnthropic(ask({ stream: false })).value).not.toHaveProperty('stream')
  })

  test('a user id passes when it names nobody, else its digest does', () => {
    expect(toAnthropic(ask({ user: 'u-1' }))).toMatchObject({ value: { metadata: { user_id: 'u-1' } }, losses: [] })
    const { value, all } = toAnthropic(ask({ user: 'u-1', safety_identifier: 'eve@x.example' }))
    expect(value.metadata?.user_id).toMatch(/^[0-9a-f]{64}$/)
    expect(all).toEqual([
      { code: 'user_id_dropped', path: '/user', count: 1 },
      { code: 'user_id_hashed', path: '/safety_identifier', count: 1 },
    ])
    expect(toAnthropic(ask({ user: 'eve@x.example' })).all[0]?.path).toBe('/user')
    expect(toAnthropic(ask({ user: '' })).value).not.toHaveProperty('metadata')
  })

  test.each([
    ['auto', 'auto', []],
    ['default', 'standard_only', ['service_tier_changed:default']],
    ['flex', 'auto', ['service_tier_changed:flex']],
    ['priority', 'auto', ['service_tier_changed:priority']],
    [null, undefined, []],
  ])('the service tier %s is %s', (service_tier, expected, losses) => {
    expect(toAnthropic(ask({ service_tier }))).toMatchObject({ losses })
    expect(toAnthropic(ask({ service_tier })).value.service_tier).toBe(expected)
  })

  test('what only OpenAI knows is reported, if it says anything', () => {
    const said = { seed: 1, store: true, verbosity: 'low', logit_bias: { 1: 2 }, presence_penalty: 0.5, provider: {} }
    expect(toAnthropic(ask(said)).losses).toEqual([
      'sampling_dropped:seed',
      'feature_dropped:store',
      'verbosity_dropped:verbosity',
      'sampling_dropped:logit_bias',
      'sampling_dropped:presence_penalty',
      'feature_dropped:provider',
    ])
    const unsaid = { seed: null, store: false, presence_penalty: 0, usage: { include: true }, prompt_cache_options: {} }
    expect(toAnthropic(ask({ ...unsaid, top_logprobs: null })).losses).toEqual([])
  })

  test('what nobody knows is reported, and goes nowhere', () => {
    const { value, losses } = toAnthropic(ask({ hologram: true, constructor: 1 }))
    expect(losses).toEqual(['unknown_field:hologram', 'unknown_field:constructor'])
    expect(value).not.toHaveProperty('hologram')
  })

  test.each([
    [{ n: 2 }, '/n'],
    [{ logprobs: true }, '/logprobs'],
    [{ modalities: ['text', 'audio'] }, '/modalities'],
    [{ audio: { voice: 'alloy' } }, '/audio'],
  ])('%j is refused: the answer would have another shape', (members, path) => {
    expect(notToAnthropic(ask(members))).toMatchObject({ code: 'parameter_not_supported', path })
  })

  test('their harmless values pass', () => {
    expect(toAnthropic(ask({ n: 1, logprobs: false, modalities: ['text'], audio: null })).losses).toEqual([])
  })

  test('strict mode refuses what it is told to', () => {
    expect(notToAnthropic(ask({ seed: 1 }), { strict: true })).toMatchObject({
      code: 'loss_refused',
      path: '/seed',
      message: 'seed: refused in strict mode: sampling_dropped',
    })
    expect(notToAnthropic(ask({ seed: 1 }), { strict: ['sampling_dropped'] }).losses).toHaveLength(1)
    expect(toAnthropic(ask({ seed: 1 }), { strict: ['user_id_hashed'] }).losses).toHaveLength(1)
    expect(toAnthropic(ask({ seed: 1 }), { strict: false }).losses).toHaveLength(1)
  })

  test('the caller has the last word', () => {
    expect(toAnthropic(ask(), { extra: { max_tokens: 1, fallbacks: [] } }).value).toMatchObject({
      max_tokens: 1,
      fallbacks: [],
    })
  })

  test('more than four cache marks: the last ones stay', () => {
    const parts = [1, 2, 3, 4, 5].map((n) => ({ type: 'text', text: `${n}`, cache_control: { type: 'ephemeral' } }))
    const { json, losses } = toAnthropic(ask({ messages: [{ role: 'user', content: parts }] }))
    const marked = JSON.parse(json).messages[0].content.map((block: object) => 'cache_control' in block)
    expect(marked).toEqual([false, true, true, true, true])
    expect(losses).toEqual(['cache_breakpoints_trimmed'])
  })
})

describe('the form of the answer', () => {
  const format = (response_format: unknown, ...more: More) => {
    const { json, all } = toAnthropic(ask({ response_format }), ...more)
    const { output_config: output, system } = JSON.parse(json)
    return { output, system, losses: all.map(({ code, path }) => `${code} ${path}`) }
  }
  const jsonSchema = (schema: unknown): object => ({ type: 'json_schema', json_schema: { name: 'a', schema } })

  test('is text unless it says otherwise', () => {
    for (const wanted of [{ type: 'text' }, null]) {
      expect(format(wanted)).toEqual({ output: undefined, system: undefined, losses: [] })
    }
  })

  test('JSON of any shape is asked for in words: a schema for it would be an empty object (case 40)', () => {
    const expected = {
      system: [{ type: 'text', text: 'Answer with a JSON object, and nothing else.' }],
      losses: ['output_format_weakened /response_format'],
    }
    expect(format({ type: 'json_object' })).toMatchObject(expected)
    expect(format({ type: 'json_schema', json_schema: { name: 'a' } })).toMatchObject(expected)
  })

  test('a closed schema passes as it is', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false }
    expect(format(jsonSchema(schema))).toMatchObject({
      output: { format: { type: 'json_schema', schema } },
      losses: [],
    })
  })

  test('objects are closed, and what is not enforced is described', () => {
    const schema = {
      type: 'object',
      properties: {
        minLength: { type: 'string', minLength: 2, maxLength: 4, description: 'Short.' },
        list: { type: 'array', items: { properties: {} }, minItems: 1 },
        open: { type: 'object', additionalProperties: true },
      },
    }
    expect(format(jsonSchema(schema))).toMatchObject({
      output: {
        format: {
          type: 'json_schema',
          schema: {
            type: 'object',
            additionalProperties: false,
            properties: {
              minLength: { type: 'string', description: 'Short. (minLength: 2, maxLength: 4)' },
              list: {
                type: 'array',
                items: { properties: {}, additionalProperties: false },
                description: 'minItems: 1',
              },
              open: { type: 'object', additionalProperties: true },
            },
          },
        },
      },
      losses: ['schema_adapted /response_format/json_schema/schema'],
    })
  })

  test('is asked for in words where the target does not enforce it', () => {
    const { output, system, losses } = format(jsonSchema({ type: 'object' }), {}, 'kimi')
    expect(output).toBeUndefined()
    expect(system).toEqual([
      { type: 'text', text: 'Answer with JSON that matches this schema, and nothing else:\n{"type":"object"}' },
    ])
    expect(losses).toEqual(['output_format_weakened /response_format/json_schema/schema'])
  })

  test('stands beside the effort', () => {
    const schema = { type: 'object', additionalProperties: false }
    const { json } = toAnthropic(ask({ response_format: jsonSchema(schema), reasoning_effort: 'low' }))
    expect(JSON.parse(json).output_config).toEqual({ effort: 'low', format: { type: 'json_schema', schema } })
  })
})
