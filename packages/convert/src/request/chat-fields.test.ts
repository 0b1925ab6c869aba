import { expect, test } from 'vitest'
import { notToAnthropic, toAnthropic } from '../../testing/requests.ts'

const asked = (members: object): object => ({
  model: 'gpt',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'x' }],
  ...members,
})
const lost = (members: object) =>
  toAnthropic(asked(members)).all.map(({ code, path, detail }) => `${code} ${path} ${detail}`)

const sampling = ['presence_penalty', 'frequency_penalty', 'repetition_penalty', 'min_p']
const features = [
  'prediction',
  'store',
  'metadata',
  'moderation',
  'prompt_cache_key',
  'prompt_cache_retention',
  'reasoning_format',
  'clear_thinking',
  'provider',
  'models',
  'transforms',
]

test.each(sampling)('%s is no measure of Anthropic’s', (name) => {
  expect(lost({ [name]: 0.5 })).toEqual([`sampling_dropped /${name} ${name}`])
  expect(lost({ [name]: 0 })).toEqual([])
})

test.each([
  ...features.map((name) => ['feature_dropped', name]),
  ['sampling_dropped', 'seed'],
  ['sampling_dropped', 'logit_bias'],
  ['verbosity_dropped', 'verbosity'],
])('%s: %s has no twin', (code, name = '') => {
  expect(lost({ [name]: 'set' })).toEqual([`${code} /${name} ${name}`])
  expect(lost({ [name]: null })).toEqual([])
  expect(lost({ [name]: false })).toEqual([])
})

test('how many log probabilities is a question of those that there are', () => {
  expect(lost({ top_logprobs: 5 })).toEqual(['feature_dropped /top_logprobs top_logprobs'])
  expect(lost({ top_logprobs: 0 })).toEqual([])
})

test('what only asks for what is given anyway is no loss', () => {
  expect(lost({ prompt_cache_options: { mode: 'explicit' }, usage: { include: true } })).toEqual([])
  expect(lost({ stream: true, stream_options: { include_usage: true }, n: 1, logprobs: false, audio: null })).toEqual(
    [],
  )
  expect(lost({ max_tokens: undefined, max_completion_tokens: 7, modalities: ['text'] })).toEqual([])
  expect(lost({ parallel_tool_calls: true })).toEqual([])
})

test('functions from before there were tools are tools', () => {
  expect(lost({ functions: [{ name: 'a', parameters: { type: 'object' } }], function_call: 'auto' })).toEqual([])
})

test('a member that nobody knows is named', () => {
  expect(lost({ hologram: 1, constructor: 2 })).toEqual([
    'unknown_field /hologram hologram',
    'unknown_field /constructor constructor',
  ])
  expect(lost({ hologram: undefined })).toEqual([])
})

test.each<[string, object]>([
  ['n: several answers cannot be had from this model; leave it out', { n: 2 }],
  ['logprobs: log probabilities cannot be had from this model; leave it out', { logprobs: true }],
  ['modalities: spoken answers cannot be had from this model; leave it out', { modalities: ['text', 'audio'] }],
  ['audio: spoken answers cannot be had from this model; leave it out', { audio: { voice: 'alloy' } }],
])('%s', (message, members) => {
  expect(notToAnthropic(asked(members))).toMatchObject({ code: 'parameter_not_supported', message })
})
