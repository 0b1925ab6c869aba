import { runMockCommand } from '@lb/mock-provider'
import type { Command } from '../command.ts'

/** `lb mock`: a scripted provider as a process of its own. */
export const mock: Command = {
  usage:
    'lb mock [--port N] [--host H] [--script FILE] [--dialect D] [--fault NAME] [--faults] [--pace MS] [--name NAME]',
  about: 'Starts a scripted provider that speaks Anthropic Messages and OpenAI, for trying things out without a key.',
  hasOwnHelp: true,
  run(args, terminal) {
    const stopped = new AbortController()
    terminal.onStop(() => stopped.abort())
    return runMockCommand(args, { out: terminal.out, err: terminal.error, until: stopped.signal })
  },
}
