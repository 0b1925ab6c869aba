import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pathFrom } from './path-from.ts'

test.each([
  ['data/usage.db', '/etc/lb/data/usage.db'],
  ['../log', '/etc/log'],
  ['/var/log/lb', '/var/log/lb'],
  ['~/lb/log', join(homedir(), 'lb', 'log')],
  ['~', homedir()],
  ['~backup/log', '/etc/lb/~backup/log'],
  ['a~/log', '/etc/lb/a~/log'],
])('%s in a file of /etc/lb is %s', (path, place) => {
  expect(pathFrom('/etc/lb', path)).toBe(place)
})
