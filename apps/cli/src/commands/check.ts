import { parseArgs } from 'node:util'
import { type Command, UsageError } from '../command.ts'
import { findConfig, readConfig } from '../config-file.ts'

/** `lb check [FILE]`: says whether a configuration can be used, and what its author should know. */
export const check: Command = {
  usage: 'lb check [FILE | --config FILE]',
  about: 'Checks a configuration file and says what is wrong with it, with line, column and the fix.',
  async run(args, terminal) {
    const options = { config: { type: 'string', short: 'c' } } as const
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [named, ...more] = [...positionals, ...(values.config === undefined ? [] : [values.config])]
    if (more.length > 0) throw new UsageError('one file at a time')
    const found = findConfig(named, terminal)
    if (found === undefined) {
      terminal.error('lb check: no configuration was found. Name one: lb check config.yaml')
      return 1
    }
    const read = await readConfig(found.path, {}, terminal)
    if (!read.ok) {
      terminal.error(read.error)
      return 1
    }
    const { config, notes } = read.value
    if (notes !== '') terminal.out(notes)
    const providers = config.providers.map(({ name }) => name).join(', ')
    terminal.out(`${found.path} is fine: ${counted(config.modelRoutes.length, 'route')} to ${providers}.`)
    return 0
  },
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}
