import { expect, test } from 'vitest'
import { provider, route, said } from '../testing/load.ts'
import { parseYaml } from './tree.ts'

test.each([
  ['\0', 'U+0000 (NUL)'],
  ['\x07', 'U+0007 (BEL)'],
  ['\b', 'U+0008 (backspace)'],
  ['\v', 'U+000B'],
  ['\f', 'U+000C'],
  ['\x1b', 'U+001B (escape)'],
  ['\x1f', 'U+001F'],
  ['\x7f', 'U+007F (DEL)'],
  ['\x80', 'U+0080'],
  ['\x9f', 'U+009F'],
])('%j is a problem wherever it stands, with its place', (control, name) => {
  const problem = `a control character, ${name}; remove it`
  expect(said(`${provider}\n${route}\n# a co${control}mment\n`)).toEqual([`3:7: ${problem}`])
  expect(said(`${provider.replace('key-of-a', `key-${control}of-a`)}\n${route}`)).toEqual([`1:88: ${problem}`])
  expect(said(`${provider}\n${route}\nsettings: { app_name: "a${control}b" }`)).toEqual([`3:25: ${problem}`])
  expect(said(`${provider}\n${route}\nset${control}tings: {}`)).toEqual([`3:4: ${problem}`])
})

test('tabs, line ends of all kinds, next line and everything printable are none', () => {
  const text = `${provider}\r\n${route}\n# a\tcomment \x85 \xa0 没有 😀\rsettings: {}\n`
  expect(parseYaml(text).faults.filter(({ message }) => message.includes('control'))).toEqual([])
})

test('each is told with its place, up to a number that says that this is no text', () => {
  expect(said('a: \0\nb: \x07')).toEqual([
    '1:4: a control character, U+0000 (NUL); remove it',
    '2:4: a control character, U+0007 (BEL); remove it',
  ])
  expect(said('\0'.repeat(1000))).toHaveLength(20)
})
