import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openBrowser } from './open-browser.ts'
import { testFolder } from './testing/world.ts'

let folder = testFolder()
const path = process.env['PATH']
beforeEach(() => {
  folder = testFolder()
  process.env['PATH'] = `${folder.path}:/usr/bin:/bin`
})
afterEach(() => {
  process.env['PATH'] = path
  folder.remove()
})

test('the address is one argument, whatever is in it', async () => {
  const opener = join(folder.path, process.platform === 'darwin' ? 'open' : 'xdg-open')
  const said = join(folder.path, 'said')
  writeFileSync(opener, `#!/bin/sh\nprintf '%s' "$#:$1" > '${said}.part' && mv '${said}.part' '${said}'\n`)
  chmodSync(opener, 0o755)
  const url = 'https://x.com/?a=1&b=$(touch pwned)`;\'"'
  expect(await openBrowser(url)).toBe(true)
  for (let wait = 0; wait < 200; wait += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    const text = readIfThere(said)
    if (text !== undefined) {
      expect(text).toBe(`1:${url}`)
      return
    }
  }
  expect.fail('the opener was not called')
})

test('a machine without anything to open it with is told apart', async () => {
  process.env['PATH'] = folder.path
  expect(await openBrowser('https://x.com/')).toBe(false)
})

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
