import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { accounts, login, logout, type OAuth, type OAuthTerminal, openBrowser, openLogins } from '@lb/server'
import { type Command, UsageError } from '../command.ts'
import { findConfig, readConfig } from '../config-file.ts'
import type { Terminal } from '../terminal.ts'

/** `lb login`: signs an account in. A running lb sees it within seconds. */
export const loginCommand: Command = {
  usage: 'lb login [--account EMAIL] [--manual] [--config FILE]',
  about: 'Signs in to an account with OAuth and keeps its tokens. --manual: the browser runs on another machine.',
  async run(args, terminal) {
    const { values } = parseArgs({
      args: [...args],
      options: { ...configOption, account: { type: 'string' }, manual: { type: 'boolean' } },
    })
    const { account, manual = false } = values
    // Of a variable that is not set. Without a name, whoever the browser knows would be signed in.
    if (account === '') throw new UsageError('the name of the account is empty')
    return withLogins(values.config, terminal, (oauth, spoken) =>
      login(oauth, spoken, { manual, ...(account === undefined ? {} : { account }) }),
    )
  },
}

/** `lb accounts`: who is signed in. */
export const accountsCommand: Command = {
  usage: 'lb accounts [--config FILE]',
  about: 'Shows who is signed in: when the token ends, health, use, and how much of the allowance is used.',
  async run(args, terminal) {
    const { values } = parseArgs({ args: [...args], options: configOption })
    return withLogins(values.config, terminal, (oauth, spoken) => accounts(oauth.accounts, spoken))
  },
}

/** `lb logout EMAIL`: signs an account out. */
export const logoutCommand: Command = {
  usage: 'lb logout EMAIL [--config FILE]',
  about: 'Signs an account out: its tokens are deleted, and the provider is told where it has a way to be.',
  async run(args, terminal) {
    const { values, positionals } = parseArgs({ args: [...args], options: configOption, allowPositionals: true })
    const [email, ...more] = positionals
    if (email === undefined || more.length > 0) throw new UsageError('say which account: "lb accounts" lists them')
    return withLogins(values.config, terminal, (oauth, spoken) => logout(oauth.accounts, spoken, email))
  },
}

const configOption = { config: { type: 'string', short: 'c' } } as const

/** Opens the stored logins of the configuration for one command. */
async function withLogins(
  named: string | undefined,
  terminal: Terminal,
  act: (oauth: OAuth, spoken: OAuthTerminal) => Promise<number>,
): Promise<number> {
  const found = findConfig(named, terminal)
  if (found === undefined) {
    terminal.error('No configuration was found. Name one: --config config.yaml')
    return 1
  }
  const read = await readConfig(found.path, {}, terminal)
  if (!read.ok) {
    terminal.error(read.error)
    return 1
  }
  const opened = await openLogins(read.value.config, dirname(found.path), (line) => terminal.error(line))
  if (!opened.ok) {
    for (const problem of opened.error) terminal.error(`${found.path}: ${problem}`)
    return 1
  }
  const prompt = terminal.prompt()
  // What a login waits for keeps no server alive. Here it is all that is done, also where nobody can type.
  const awake = setInterval(() => undefined, 60_000)
  try {
    return await act(opened.value, { print: terminal.out, ask: prompt.ask, browse: openBrowser })
  } finally {
    clearInterval(awake)
    prompt.close()
    await opened.value.close()
  }
}
