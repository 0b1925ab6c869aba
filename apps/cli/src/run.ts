import { nearest } from '@lb/config'
import { type Command, UsageError } from './command.ts'
import { check } from './commands/check.ts'
import { accountsCommand, loginCommand, logoutCommand } from './commands/logins.ts'
import { mock } from './commands/mock.ts'
import { providers } from './commands/providers.ts'
import { reload } from './commands/reload.ts'
import { start } from './commands/start.ts'
import type { Terminal } from './terminal.ts'
import { version } from './version.ts'

export type { Terminal } from './terminal.ts'

const commands: Readonly<Record<string, Command>> = {
  start,
  check,
  reload,
  providers,
  mock,
  login: loginCommand,
  accounts: accountsCommand,
  logout: logoutCommand,
}

/** Runs `lb` with its arguments. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name = '', ...rest] = args
  if (name === '--version' || name === '-v') return say(terminal, version)
  if (name === '' || name === 'help' || name === '--help' || name === '-h') return say(terminal, help())
  // `lb --port 9191` means start, as the predecessor's users type it.
  const isOption = name.startsWith('-')
  const command = Object.hasOwn(commands, isOption ? 'start' : name) ? commands[isOption ? 'start' : name] : undefined
  if (command === undefined) {
    const meant = nearest(name, Object.keys(commands))
    const hint = meant === undefined ? '' : ` Did you mean "${meant}"?`
    terminal.error(`lb: there is no command "${name}".${hint} Commands: ${Object.keys(commands).join(', ')}.`)
    return 2
  }
  const own = isOption ? args : rest
  const asksHelp = own.includes('--help') || own.includes('-h')
  if (asksHelp && command.hasOwnHelp !== true) return say(terminal, helpFor(command))
  try {
    return await command.run(own, terminal)
  } catch (error) {
    if (!(error instanceof UsageError || isParseArgsError(error))) throw error
    terminal.error(`lb ${isOption ? 'start' : name}: ${wording(error, command)}\n\n  ${command.usage}`)
    return 2
  }
}

function isParseArgsError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}

/** Node's words for an option that there is not go on about positional arguments; what was probably meant helps more. */
function wording({ message }: Error, { usage }: Command): string {
  const option = /^Unknown option '(--?[^']+)'/.exec(message)?.[1]
  if (option === undefined) return message
  const meant = option.startsWith('--') ? nearest(option, usage.match(/--[a-z-]+/g) ?? []) : undefined
  return `there is no option ${option}${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

function say(terminal: Terminal, text: string): number {
  terminal.out(text)
  return 0
}

function helpFor({ about, usage, options = [] }: Command): string {
  const width = Math.max(...options.map(([option]) => option.length))
  const rows = options.map(([option, meaning]) => `  ${option.padEnd(width)}  ${meaning}`)
  return [about, `  ${usage}`, ...(rows.length === 0 ? [] : [rows.join('\n')])].join('\n\n')
}

function help(): string {
  const rows = Object.values(commands).map(({ usage, about }) => `  ${usage}\n      ${about}`)
  return [
    `lb ${version}: one dependable model endpoint out of many undependable ones.`,
    '',
    ...rows,
    '',
    '  lb --help, lb COMMAND --help, lb --version',
  ].join('\n')
}
