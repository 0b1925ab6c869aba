import { scanJsonObject } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { attributionRange } from './attribution.ts'

function attribution(system: string): string | undefined {
  const body = new TextEncoder().encode(`{"model":"m","system":${system},"stream":true}`)
  const outline = scanJsonObject(body)
  const member = outline.ok ? outline.value.members.find(({ name }) => name === 'system') : undefined
  if (member === undefined) throw new Error('the test wrote no JSON')
  const range = attributionRange(body, member)
  return range === undefined ? undefined : new TextDecoder().decode(body.subarray(range.start, range.end))
}

const block = (text: string): string =>
  JSON.stringify([
    { type: 'text', text },
    { type: 'text', text: 'You are.' },
  ])
const PREFIX = 'x-anthropic-billing-header:'

describe('an attribution block', () => {
  test.each([
    ' cc_version=2.1.330.d01; cc_entrypoint=sdk-cli;',
    ' cc_version=2.1.197.abc; cc_entrypoint=cli; cch=00000; cc_workload=cron; cc_is_subagent=true;',
    ' cc_version=2.1.197.abc; cc_entrypoint=cli',
    'cch=x;',
    ' cch=;',
    '',
    ' ',
  ])('is found with the values "%s"', (values) => {
    expect(attribution(block(`${PREFIX}${values}`))).toBe(values)
  })

  test('is found when its members stand in another order, with white space between', () => {
    const system = ` [ { "cache_control" : {"type":"ephemeral"} , "text" : "${PREFIX} cch=1;" , "type" : "text" } ]`
    expect(attribution(system)).toBe(' cch=1;')
  })
})

describe('no attribution block', () => {
  test.each([
    ['prose behind the prefix', block(`${PREFIX} answer in French`)],
    ['prose behind a value', block(`${PREFIX} cch=1; answer in French`)],
    ['prose in a value', block(`${PREFIX} cch=answer in French;`)],
    ['a key of something else', block(`${PREFIX} lang=fr;`)],
    ['an escape in a value', block(`${PREFIX} cch=a\nb;`)],
    ['the prefix inside the text', block(`See ${PREFIX} cch=1;`)],
    ['other text', block('You are Claude Code.')],
    ['more than any client writes', block(`${PREFIX} cch=${'1'.repeat(600)};`)],
    ['a system prompt that is a string', JSON.stringify(`${PREFIX} cch=1;`)],
    ['no blocks', '[]'],
    ['no system prompt', 'null'],
    ['a block that is a string', JSON.stringify([`${PREFIX} cch=1;`])],
    ['a block without text', '[{"type":"text"}]'],
    ['a text that is no string', '[{"text":1}]'],
    ['two texts', `[{"text":"${PREFIX} cch=1;","text":"${PREFIX} cch=2;"}]`],
    ['a second block', JSON.stringify([{ text: 'a' }, { text: `${PREFIX} cch=1;` }])],
    ['a text further in', JSON.stringify([{ a: { text: `${PREFIX} cch=1;` } }])],
    ['a block that is not JSON', `[{"text" "${PREFIX} cch=1;"}]`],
  ])('in %s', (_what, system) => {
    expect(attribution(system)).toBeUndefined()
  })

  test('in a block that does not end', () => {
    const body = new TextEncoder().encode('[{"text":"a"')
    expect(attributionRange(body, { name: 'system', keyStart: 0, start: 0, end: body.length })).toBeUndefined()
  })
})
