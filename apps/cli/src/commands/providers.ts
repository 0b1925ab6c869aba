import { parseArgs } from 'node:util'
import { type Json, member, numberMember, stringMember } from '@lb/protocol'
import { type Command, UsageError } from '../command.ts'
import { findRunning, messageOf, type RunningLb, whereOptions, whereUsage } from '../running-lb.ts'
import type { Terminal } from '../terminal.ts'

const switches: readonly string[] = ['enable', 'disable', 'reset']

/** `lb providers`: how the providers of a running lb are, and what an operator can do with one. */
export const providers: Command = {
  usage: `lb providers [enable NAME | disable NAME | reset NAME] ${whereUsage}`,
  about:
    'Shows how every provider of a running lb is doing; takes one out of use, puts it back, or forgets its failures.',
  async run(args, terminal) {
    const { values, positionals } = parseArgs({ args: [...args], options: whereOptions, allowPositionals: true })
    const [action, name, ...more] = positionals
    if (action !== undefined && (!switches.includes(action) || name === undefined || more.length > 0)) {
      throw new UsageError('say what to do with which provider, e.g. "lb providers reset openrouter"')
    }
    const lb = await findRunning(values, terminal)
    if (!lb.ok) {
      terminal.error(lb.error)
      return 1
    }
    return action === undefined ? list(lb.value, terminal) : throwSwitch(lb.value, terminal, action, name ?? '')
  },
}

async function throwSwitch(lb: RunningLb, terminal: Terminal, action: string, name: string): Promise<number> {
  const reply = await lb.call('POST', `/providers/${encodeURIComponent(name)}/${action}`)
  const isFine = reply.ok && reply.value.status === 200
  const text = reply.ok ? messageOf(reply.value) : reply.error
  if (isFine) terminal.out(text)
  else terminal.error(text)
  return isFine ? 0 : 1
}

async function list(lb: RunningLb, terminal: Terminal): Promise<number> {
  const reply = await lb.call('GET', '/providers')
  const all = reply.ok ? member(reply.value.body, 'providers') : undefined
  if (!reply.ok || !Array.isArray(all)) {
    terminal.error(reply.ok ? messageOf(reply.value) : reply.error)
    return 1
  }
  const rows = all.flatMap((provider) => [rowOf(provider), ...partsOf(provider)])
  const head = ['PROVIDER', 'STATUS', 'COUNT', 'IN FLIGHT', 'TTFT', 'SUCCESS', 'LAST FAILURE']
  for (const line of table([head, ...rows])) terminal.out(line)
  return 0
}

function rowOf(provider: Json): string[] {
  const left = numberMember(provider, 'cooldown_seconds_left')
  const ttft = numberMember(provider, 'ttft_ms')
  const ratio = numberMember(provider, 'success_ratio')
  return [
    stringMember(provider, 'id') ?? '',
    `${stringMember(provider, 'status') ?? ''}${lasting(left)}`,
    stringMember(provider, 'count') ?? '',
    String(numberMember(provider, 'in_flight') ?? 0),
    ttft === undefined ? '-' : `${Math.round(ttft)} ms`,
    ratio === undefined ? '-' : `${Math.round(ratio * 100)} %`,
    stringMember(member(provider, 'last_failure') ?? null, 'kind') ?? '-',
  ]
}

/** The keys and models of a provider that are not used while others of its own may be. */
function partsOf(provider: Json): string[][] {
  const nodes = member(provider, 'health')
  if (!Array.isArray(nodes)) return []
  return nodes.filter((node) => stringMember(node, 'state') !== 'closed').flatMap((node) => partOf(node))
}

function partOf(node: Json): string[][] {
  const names = [stringMember(node, 'credential'), stringMember(node, 'model')].filter((name) => name !== undefined)
  if (names.length === 0) return []
  const left = numberMember(node, 'seconds_left')
  const reason = stringMember(node, 'reason') ?? ''
  return [[`- ${names.join(' · ')}`, `${reason}${lasting(left)}`]]
}

/** For how long. A time that is over says what comes now. */
function lasting(seconds: number | undefined): string {
  if (seconds === undefined) return ''
  return seconds > 0 ? ` for ${Math.ceil(seconds)} s` : ', on probation'
}

/** Columns as wide as their widest word. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
