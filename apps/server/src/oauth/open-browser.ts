import { spawn } from 'node:child_process'

const OPENERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
  linux: ['xdg-open'],
}

/**
 * Opens an address in the person's browser.
 *
 * @returns whether something was found to open it with; whether a browser then came up cannot be told.
 */
export function openBrowser(url: string): Promise<boolean> {
  const [command, ...fixed] = OPENERS[process.platform] ?? ['xdg-open']
  // No shell: the address is one argument, whatever is in it.
  const child = spawn(command, [...fixed, url], { stdio: 'ignore', detached: true })
  return new Promise((resolve) => {
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
