import { describe, expect, test } from 'vitest'
import { anthropicProfileForModel, namedAnthropicProfiles } from './anthropic.ts'
import { namedProfiles } from './named.ts'
import { profileWith } from './override.ts'
import { matchesModel, type Profile, profileForModel } from './profile.ts'

describe('a pattern', () => {
  test.each([
    ['gpt-5', 'gpt-5', true],
    ['gpt-5', 'gpt-5.1', false],
    ['gpt-5*', 'GPT-5.1', true],
    ['gpt-5*', 'openai/gpt-5.1', true],
    ['*', '', true],
    ['*-chat', 'gpt-5-chat', true],
    ['*-chat', 'gpt-5-chat-1', false],
    ['claude-*-4-1*', 'claude-opus-4-1-2025', true],
    ['claude-*-4-1*', 'claude-opus-4-5', false],
    ['a*b*c', 'abc', true],
    ['a*b*c', 'ac', false],
    ['a*b*c', 'acb', false],
    ['a*bb*b', 'abb', false],
    ['aa*aa', 'aaa', false],
    ['a*x', 'bx', false],
    ['A*', 'abc', true],
  ])('%s for %s: %s', (pattern, model, expected) => {
    expect(matchesModel(pattern, model)).toBe(expected)
  })
})

test('later rules win, and a profile for a model has no rules left', () => {
  const base = namedProfiles['openai-compatible'] as Profile
  const profile: Profile = {
    ...base,
    models: [
      { match: ['m*'], set: { stopMax: 1, toolNameMax: 10 } },
      { match: ['x', 'm2'], set: { stopMax: 2 } },
    ],
  }
  expect(profileForModel(profile, 'm1')).toEqual({ ...base, stopMax: 1, toolNameMax: 10, models: [] })
  expect(profileForModel(profile, 'vendor/M2')).toMatchObject({ stopMax: 2, toolNameMax: 10 })
  expect(profileForModel(profile, 'other')).toEqual({ ...base, models: [] })
})

describe('named profiles', () => {
  test.each([
    'openai',
    'openai-responses',
    'azure',
    'openrouter',
    'deepseek',
    'kimi',
    'glm',
    'qwen',
    'mistral',
    'groq',
    'together',
    'fireworks',
    'ollama',
    'vllm',
    'llama.cpp',
    'gemini-compat',
    'openai-compatible',
  ])('there is one for %s', (name) => {
    expect(namedProfiles[name]).toBeDefined()
  })

  test.each(Object.entries(namedProfiles))('%s is plain JSON, and so are its exceptions', (_name, profile) => {
    expect(JSON.parse(JSON.stringify(profile))).toEqual(profile)
    const { id, models, ...fields } = profile
    expect(profileWith(profile, JSON.parse(JSON.stringify(fields)))).toEqual({ ok: true, value: profile })
    for (const { set } of models) expect(profileWith(profile, JSON.parse(JSON.stringify(set))).ok).toBe(true)
    expect(id).not.toBe('')
  })

  test.each(Object.entries(namedAnthropicProfiles))('%s of the Anthropic dialect is plain JSON', (_name, profile) => {
    expect(JSON.parse(JSON.stringify(profile))).toEqual(profile)
  })

  test.each([
    ['openai', 'gpt-5.4', { maxTokensField: 'max_completion_tokens' }],
    ['openai', 'o1-mini', { systemRole: 'user' }],
    ['mistral', 'mistral-large', { toolIds: 'mistral9' }],
    ['deepseek', 'deepseek-reasoner', { reasoningField: 'reasoning_content', reasoningRequired: true }],
    [
      'openai-compatible',
      'x',
      {
        maxTokensField: 'max_tokens',
        systemRole: 'system',
        systemPlacement: 'first-only',
        toolIds: 'openai40',
        toolNameMax: 64,
      },
    ],
  ])('%s for %s', (name, model, expected) => {
    expect(profileForModel(namedProfiles[name] as Profile, model)).toMatchObject(expected)
  })

  test.each([
    ['claude-opus-5', { thinking: 'adaptive', systemTurns: true }],
    ['us.anthropic.claude-sonnet-4-5-v1:0', { thinking: 'budget', prefill: true }],
    ['claude-3-7-sonnet', { thinking: 'budget', maxOutputTokens: 64_000 }],
    ['claude-3-5-haiku', { thinking: 'none', maxOutputTokens: 8192 }],
    ['claude-opus-4-1', { maxOutputTokens: 32_000, outputFormat: false }],
    ['claude-mythos-1', { forcedTools: 'never', thinkingOff: false }],
    ['something', { thinking: 'adaptive' }],
  ])("Anthropic's own for %s", (model, expected) => {
    const profile = namedAnthropicProfiles['anthropic']
    expect(profile && anthropicProfileForModel(profile, model)).toMatchObject(expected)
  })
})
