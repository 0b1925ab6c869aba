import { expect, test } from 'vitest'
import { bracketed, dotted } from './refusal.ts'

test.each([
  ['', '', ''],
  ['/messages', 'messages', 'messages'],
  ['/messages/3/content/0', 'messages.3.content.0', 'messages[3].content[0]'],
  ['/tools/0/function/parameters/anyOf', 'tools.0.function.parameters.anyOf', 'tools[0].function.parameters.anyOf'],
  ['/a/12b', 'a.12b', 'a[12]b'],
])('the pointer %j as both APIs write it', (pointer, anthropic, openai) => {
  expect([dotted(pointer), bracketed(pointer)]).toEqual([anthropic, openai])
})
