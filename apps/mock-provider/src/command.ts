import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { err, ok, type Result } from '@lb/protocol'
import {
  connectionFaultNames,
  connectionFaults,
  faultNames,
  faults,
  isConnectionFault,
  isFaultName,
} from './fault/presets.ts'
import { demoScript } from './script/demo-script.ts'
import { nearest } from './script/nearest.ts'
import { formatProblem, parseScript } from './script/parse-script.ts'
import type { Dialect, MockScript } from './script/script.ts'
import { type MockProvider, startMockProvider } from './server/mock-provider.ts'

/** Where a command writes, and when it stops. */
export interface CommandSurroundings {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Aborted when the provider should stop. Default: SIGINT or SIGTERM. */
  readonly until?: AbortSignal
}

/** The port of the predecessor's mock, so that its tests find this one. */
const DEFAULT_PORT = 8998

/** Somebody looks at them now and then; nobody reads a thousand. */
const KEPT_REQUESTS = 1000

const HELP = `Usage: lb mock [options]

A scripted upstream that speaks Anthropic Messages, OpenAI Chat and OpenAI Responses. No key, no model.

  --port N         port to listen on (default ${DEFAULT_PORT}; 0: any free one)
  --host H         address to listen on (default 127.0.0.1)
  --script FILE    a script in YAML or JSON
  --dialect D      serve only one wire format: anthropic, openai-chat or openai-responses
  --fault NAME     requests that no rule of the script answers meet this fault
  --faults         list the faults
  --pace MS        milliseconds between two stream events (default 15)
  --name NAME      the name that answers show (default mock)
  --help           this text
`

/**
 * Runs `lb mock`: starts a provider with its control endpoints, prints its URL, and serves until told to stop.
 *
 * @param args what follows `lb mock` on the command line.
 * @returns the exit code: 0 after a stop, 1 for a bad script or a busy port, 2 for bad arguments.
 */
export async function runMockCommand(args: readonly string[], surroundings: CommandSurroundings): Promise<number> {
  const parsed = readArguments(args)
  if (!parsed.ok) {
    surroundings.err(`lb mock: ${parsed.error}\n\n${HELP}`)
    return 2
  }
  if (parsed.value.kind === 'text') {
    surroundings.out(parsed.value.text)
    return 0
  }
  const { host, port, overrides } = parsed.value
  const script = await readScript(parsed.value.file)
  if (!script.ok) {
    surroundings.err(script.error)
    return 1
  }
  try {
    const provider = await startMockProvider({
      host,
      port,
      control: true,
      keepRequests: KEPT_REQUESTS,
      script: { ...script.value, ...overrides },
    })
    surroundings.out(greeting(provider))
    await stopped(surroundings.until)
    await provider.close()
    return 0
  } catch (error) {
    surroundings.err(`lb mock: ${whyNotStarted(error, port)}\n`)
    return 1
  }
}

function whyNotStarted(error: unknown, port: number): string {
  if (!(error instanceof Error)) return String(error)
  const isTaken = 'code' in error && error.code === 'EADDRINUSE'
  return isTaken ? `port ${port} is taken. Choose another: --port ${port + 1}` : error.message
}

type Arguments =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'run'
      readonly host: string
      readonly port: number
      readonly file: string | undefined
      readonly overrides: MockScript
    }

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  script: { type: 'string' },
  dialect: { type: 'string' },
  fault: { type: 'string' },
  faults: { type: 'boolean' },
  pace: { type: 'string' },
  name: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

const DIALECTS: readonly Dialect[] = ['anthropic', 'openai-chat', 'openai-responses']

function readArguments(args: readonly string[]): Result<Arguments, string> {
  const parsed = parse(args)
  if (!parsed.ok) return parsed
  const { port, host, script, dialect, fault, pace, name } = parsed.value
  if (parsed.value.help === true) return ok({ kind: 'text', text: HELP })
  if (parsed.value.faults === true) return ok({ kind: 'text', text: faultTable() })
  const portNumber = Number(port ?? DEFAULT_PORT)
  if (!Number.isInteger(portNumber) || portNumber < 0 || portNumber > 65_535) {
    return err(`--port ${port} is no port: 0 to 65535`)
  }
  const paceMs = pace === undefined ? undefined : Number(pace)
  if (paceMs !== undefined && !(paceMs >= 0)) return err(`--pace ${pace} is no number of milliseconds`)
  const only = DIALECTS.find((known) => known === dialect)
  if (dialect !== undefined && only === undefined) return err(`--dialect ${dialect}: known are ${DIALECTS.join(', ')}`)
  if (fault !== undefined && !isFaultName(fault) && !isConnectionFault(fault)) return err(unknownFault(fault))
  return ok({
    kind: 'run',
    host: host ?? '127.0.0.1',
    port: portNumber,
    file: script,
    overrides: {
      ...(only === undefined ? {} : { dialects: [only] }),
      ...(fault === undefined ? {} : { fault }),
      ...(paceMs === undefined ? {} : { paceMs }),
      ...(name === undefined ? {} : { name }),
    },
  })
}

function parse(
  args: readonly string[],
): Result<ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'], string> {
  try {
    return ok(parseArgs({ args: [...args], options: OPTIONS }).values)
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  }
}

function unknownFault(name: string): string {
  const guess = nearest(name, [...faultNames, ...connectionFaultNames])
  return `there is no fault "${name}"; ${guess === undefined ? '--faults lists them' : `did you mean "${guess}"?`}`
}

async function readScript(file: string | undefined): Promise<Result<MockScript, string>> {
  const base = demoScript({ name: 'mock' })
  if (file === undefined) return ok(base)
  try {
    const script = parseScript(await readFile(file, 'utf8'))
    if (script.ok) return ok({ ...base, ...script.value })
    return err(`${script.error.map((problem) => formatProblem(file, problem)).join('\n')}\n`)
  } catch (error) {
    return err(`lb mock: ${file}: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

function greeting(provider: MockProvider): string {
  const body = `{"model":"claude-sonnet-5-5","max_tokens":200,"stream":true,"messages":[{"role":"user","content":"hi"}]}`
  return [
    `mock provider at ${provider.url}`,
    '',
    `  curl -N ${provider.url}/v1/messages -H 'content-type: application/json' -d '${body}'`,
    '',
    `what it received: GET ${provider.url}/__mock/requests · another script: POST ${provider.url}/__mock/script`,
    '',
  ].join('\n')
}

function faultTable(): string {
  const rows = [
    ...connectionFaultNames.map((name) => [name, connectionFaults[name].about] as const),
    ...faultNames.map((name) => [name, faults[name].about] as const),
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return `${rows.map(([name, about]) => `${name.padEnd(width)}  ${about}`).join('\n')}\n`
}

function stopped(until: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (until?.aborted === true) return resolve()
    if (until !== undefined) return until.addEventListener('abort', () => resolve(), { once: true })
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}
