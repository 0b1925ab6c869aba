import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findConfig } from './config-file.ts'

/** A folder in which a `config.yaml` lies wherever somebody might look for one by mistake. */
function hostileFolder(): string {
  const cwd = mkdtempSync(join(tmpdir(), 'lb-config-file-'))
  onTestFinished(() => rmSync(cwd, { recursive: true }))
  for (const folder of ['.', 'lb', '.config/lb', 'own/lb']) {
    mkdirSync(join(cwd, folder), { recursive: true })
    writeFileSync(join(cwd, folder, 'config.yaml'), '')
  }
  const before = process.cwd()
  process.chdir(cwd)
  onTestFinished(() => process.chdir(before))
  return cwd
}

test.each([
  { XDG_CONFIG_HOME: '', HOME: '/nowhere' },
  { XDG_CONFIG_HOME: 'own', HOME: '/nowhere' },
  { HOME: '' },
  { HOME: 'own' },
  { LB_CONFIG: '', HOME: '/nowhere' },
])('with %j nothing in the working directory is read', (env) => {
  const cwd = hostileFolder()
  const found = findConfig(undefined, { env, cwd })
  expect(resolve(found?.path ?? '/').startsWith(cwd)).toBe(false)
})

test('the user’s own is found under an absolute XDG_CONFIG_HOME, else under the home folder', () => {
  const cwd = hostileFolder()
  const named = { env: { XDG_CONFIG_HOME: join(cwd, 'own'), HOME: homedir() }, cwd: '/' }
  const home = { env: { XDG_CONFIG_HOME: 'own', HOME: cwd }, cwd: '/' }
  // A developer may have one beside the checkout, which goes before.
  for (const [terminal, path] of [
    [named, join(cwd, 'own/lb/config.yaml')],
    [home, join(cwd, '.config/lb/config.yaml')],
  ] as const) {
    const found = findConfig(undefined, terminal)
    if (found?.because !== 'beside lb') expect(found).toEqual({ path, because: 'your own' })
  }
})

test('~ is the home folder where no shell has filled it in: --config=~/lb.yaml, or LB_CONFIG of a unit', () => {
  const path = join(homedir(), 'lb.yaml')
  expect(findConfig('~/lb.yaml', { env: {}, cwd: '/' })).toEqual({ path, because: '--config' })
  expect(findConfig(undefined, { env: { LB_CONFIG: '~/lb.yaml' }, cwd: '/' })).toEqual({ path, because: 'LB_CONFIG' })
})
