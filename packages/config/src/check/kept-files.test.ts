// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these texts are what is tested
import { expect, test } from 'vitest'
import { said, withSettings } from '../testing/load.ts'

test.each([
  ['{ log_file_path: /proc/lb/log.jsonl }', 'log_file_path', 'proc', '/dev/stdout'],
  ['{ health_state_path: //proc/./1/health.json }', 'health_state_path', 'proc', '/var/lib/lb'],
  ['{ usage: { path: /sys/usage.db } }', 'usage.path', 'sys', '/var/lib/lb'],
  ['{ oauth: { token_file: /var/../proc/self/lb/tokens.json } }', 'oauth.token_file', 'proc', '/var/lib/lb'],
  ['{ log_file_path: /proc }', 'log_file_path', 'proc', '/dev/stdout'],
])('%s: a file where Linux shows itself is an error, with its place and what to do', (settings, key, top, instead) => {
  const [problem, ...more] = said(withSettings(settings))
  expect(more).toEqual([])
  expect(problem).toMatch(/^3:\d+: /)
  expect(problem).toContain(
    `settings.${key}: no file can be kept in /${top}, where Linux shows itself; name another folder`,
  )
  expect(problem).toContain(instead)
})

test.each([
  '/dev/null',
  '/dev/stdout',
  '/process/log',
  '/var/proc/log',
  'proc/log',
  '/proc/../var/log',
  '/system/log',
  '""',
])('%s is as good a place as any', (path) => {
  expect(said(withSettings(`{ log_file_path: ${path} }`))).toEqual([])
})

test('a path from a variable is looked at, too', () => {
  expect(said(withSettings('{ log_file_path: "${LOG}" }'), { LOG: '/proc/log' })).toEqual([
    expect.stringContaining('settings.log_file_path: no file can be kept in /proc'),
  ])
})
