import type { Anthropic } from '@lb/protocol'
import { expect, test } from 'vitest'
import { createNotes } from '../notes.ts'
import { withoutUnknownBetas } from './betas.ts'

const plain = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] } as const

function known(members: object, betas: readonly string[], taken: readonly string[] | null) {
  const notes = createNotes()
  const request = { ...plain, ...members } as Anthropic.Request
  const { value, betas: left } = withoutUnknownBetas(request, betas, taken, notes)
  const losses = notes.losses().map(({ code, path, detail }) => `${code} ${path} ${detail}`)
  return { value, left, losses, isSame: value === request }
}

test.each([
  ['context-management-2025-06-27', 'context_management'],
  ['compact-2026-01-12', 'compaction'],
  ['mcp-client-2025-11-20', 'mcp_servers'],
  ['server-side-fallback-2026-03-01', 'fallbacks'],
  ['fallback-credit-2026-03-01', 'fallback_credit_token'],
  ['fast-mode-2026-02-01', 'speed'],
])('without the beta %s there is no %s', (beta, member) => {
  const members = { [member]: 'x', system: 's' }
  expect(known(members, [beta, 'taken-1'], ['taken-1'])).toEqual({
    value: { ...plain, system: 's' },
    left: ['taken-1'],
    losses: [`feature_dropped  ${beta}`, `feature_dropped /${member} ${member}`],
    isSame: false,
  })
  expect(known(members, [beta], null)).toMatchObject({ left: [beta], losses: [], isSame: true })
  expect(known(members, [beta], [beta])).toMatchObject({ left: [beta], losses: [], isSame: true })
  // A beta that only has the name in it is another one.
  expect(known(members, [`my-${beta}`], [])).toMatchObject({
    left: [],
    losses: [`feature_dropped  my-${beta}`],
    isSame: true,
  })
})

test('without the beta for shared caches no cache mark says who shares it', () => {
  const beta = 'prompt-caching-scope-2026-01-05'
  const mark = { type: 'ephemeral', ttl: '1h' } as const
  const marked = (scope: object) => ({
    system: [
      { type: 'text', text: 's', cache_control: { ...mark, ...scope } },
      { type: 'text', text: 't' },
    ],
    tools: [{ name: 'f', input_schema: {}, cache_control: mark }],
  })
  const scoped = marked({ scope: 'global' })
  expect(known(scoped, [beta], ['taken-1'])).toEqual({
    value: { ...plain, ...marked({}) },
    left: [],
    losses: [`feature_dropped  ${beta}`, 'feature_dropped  cache_control.scope'],
    isSame: false,
  })
  expect(known(marked({}), [beta], [])).toMatchObject({ isSame: true })
  expect(known(scoped, [beta], null)).toMatchObject({ isSame: true, losses: [] })
})

test('a beta without a member of its own goes alone', () => {
  expect(known({ speed: 'fast' }, ['a-1', 'b-2'], ['a-1'])).toMatchObject({
    left: ['a-1'],
    losses: ['feature_dropped  b-2'],
    isSame: true,
  })
  expect(known({}, ['fast-mode-2026-02-01'], [])).toMatchObject({ left: [], isSame: true })
})
