import { parseArgs } from 'node:util'
import { isJsonObject, type Json, member, stringMember } from '@lb/protocol'
import type { Command } from '../command.ts'
import { findRunning, messageOf, whereOptions, whereUsage } from '../running-lb.ts'

/** `lb reload`: a running lb takes up its configuration file. */
export const reload: Command = {
  usage: `lb reload ${whereUsage}`,
  about: 'Makes a running lb take up its configuration file, and says what has changed. A bad file changes nothing.',
  async run(args, terminal) {
    const { values } = parseArgs({ args: [...args], options: whereOptions })
    const lb = await findRunning(values, terminal)
    const reply = lb.ok ? await lb.value.call('POST', '/providers/reload') : lb
    if (!reply.ok) {
      terminal.error(reply.error)
      return 1
    }
    const isFine = reply.value.status === 200
    const say = isFine ? terminal.out : terminal.error
    say(messageOf(reply.value))
    for (const line of isFine ? changeLines(reply.value.body['changes'] ?? null) : []) say(`  ${line}`)
    return isFine ? 0 : 1
  },
}

/** A `ConfigDiff` in lines such as `+ provider b`. */
function changeLines(changes: Json): string[] {
  const lines = [
    ...linesOf(member(changes, 'providers') ?? null, 'provider'),
    ...linesOf(member(changes, 'routes') ?? null, 'route'),
    ...listOf(member(changes, 'settings')).map((change) => `~ ${keyText(change)}`),
  ]
  if (member(member(changes, 'routes') ?? null, 'reordered') === true) lines.push('~ the order of the routes')
  return lines.length === 0 ? ['nothing has changed'] : lines
}

function linesOf(part: Json, word: 'provider' | 'route'): string[] {
  return [
    ...listOf(member(part, 'added')).map((name) => `+ ${word} ${String(name)}`),
    ...listOf(member(part, 'removed')).map((name) => `- ${word} ${String(name)}`),
    ...listOf(member(part, 'changed')).map((one) => {
      const keys = listOf(member(one, 'changes')).map((change) => keyText(change))
      return `~ ${word} ${stringMember(one, word) ?? ''}: ${keys.join(', ')}`
    }),
  ]
}

/** `max_attempts: 3 → 5`. */
function keyText(change: Json): string {
  const [key = '', from, to] = [stringMember(change, 'key'), member(change, 'from'), member(change, 'to')]
  const isShort = ![from, to].some((value) => Array.isArray(value) || isJsonObject(value ?? null))
  return isShort ? `${key}: ${valueText(from)} → ${valueText(to)}` : key
}

function valueText(value: Json | undefined): string {
  return value === undefined ? 'default' : JSON.stringify(value)
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}
