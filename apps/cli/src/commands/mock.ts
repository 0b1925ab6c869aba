import type { Command } from '../command.ts'

/** `lb mock`: a scripted provider as a process of its own. */
export const mock: Command = {
  usage: 'lb mock [--port PORT] [--script FILE] [--fault NAME]',
  about: 'Starts a scripted provider that speaks Anthropic Messages and OpenAI, for trying things out without a key.',
  async run(_args, terminal) {
    terminal.error('lb mock: not here yet')
    return 1
  },
}
