import { homedir } from 'node:os'
import { isAbsolute } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { homeFolder } from './home-folder.ts'
import { defaultTokenFile } from './oauth/settings.ts'
import { pathFrom } from './state/path-from.ts'

function unknown(): string {
  throw new Error('uv_os_homedir returned ENOENT')
}

test.each([
  ['what the environment says', () => '/home/me', () => '/home/other', '/home/me'],
  ['what the list of users says, where the variable is empty', () => '', () => '/home/me', '/home/me'],
  ['the same where it is relative', () => 'me', () => '/home/me', '/home/me'],
  ['the same where there is none', unknown, () => '/home/me', '/home/me'],
  ['the root for somebody who is in no list', unknown, unknown, '/'],
])('home is %s', (_, named, listed, home) => {
  expect(homeFolder(named, listed)).toBe(home)
})

test('home is that of this process', () => {
  expect(homeFolder()).toBe(homedir())
})

test.each(['', 'here'])('with HOME=%s nothing is kept in the folder in which lb happens to be started', (home) => {
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('HOME', home)
  expect(isAbsolute(defaultTokenFile({}, 'linux'))).toBe(true)
  expect(isAbsolute(pathFrom('/etc/lb', '~/logs'))).toBe(true)
})
