import type { Config } from '@lb/config'
import { err, isJsonObject, type Json, type JsonObject, ok, parseJson, type Result, stringMember } from '@lb/protocol'
import { UsageError } from './command.ts'
import { findConfig, readConfig } from './config-file.ts'
import type { Terminal } from './terminal.ts'

/** A running lb, as a command beside it reaches it over its admin API. */
export interface RunningLb {
  readonly url: string
  /** Asks. The error is a sentence for a person. */
  call(method: 'GET' | 'POST', path: string): Promise<Result<Reply, string>>
}

/** What it answered. */
export interface Reply {
  readonly status: number
  readonly body: JsonObject
}

/** How a person says which lb is meant. */
export interface Where {
  readonly config?: string | undefined
  readonly url?: string | undefined
}

/** The options of {@link Where}, for `parseArgs`. */
export const whereOptions = { config: { type: 'string', short: 'c' }, url: { type: 'string' } } as const

/** The same in a usage line. */
export const whereUsage = '[--config FILE] [--url URL]'

/** A provider that must be asked first may take its time; a person should not wait for ever. */
const TIMEOUT_MS = 30_000

/**
 * Finds the running lb: `--url`, else `LB_URL`, else where the configuration says that it listens. Its key is `LB_ADMIN_KEY`,
 * else the admin key of the configuration; a key is no option, since whoever lists processes would see it.
 *
 * @returns as error what is wrong with the configuration, when only that could have told.
 */
export async function findRunning(where: Where, terminal: Terminal): Promise<Result<RunningLb, string>> {
  const { env } = terminal
  const named = where.url ?? (env['LB_URL'] || undefined)
  const found = findConfig(where.config, terminal)
  const read = found === undefined ? undefined : await readConfig(found.path, {}, terminal)
  if (named === undefined && read === undefined) return err(nowhere)
  if (named === undefined && read?.ok === false) return err(`${read.error}\n${stays}`)
  const settings = read?.ok === true ? read.value.config.settings : undefined
  const url = originOf(named ?? (settings === undefined ? '' : addressOf(settings)))
  const key = env['LB_ADMIN_KEY'] || (settings === undefined ? undefined : keyOf(settings))
  return ok({ url, call: (method, path) => call(url, key, method, path) })
}

const nowhere = 'Which lb? Name its configuration or its address: --config config.yaml, --url http://127.0.0.1:9090'
const stays = 'Until the file is right, a running lb keeps the configuration that it has. Reach it with --url.'

type Settings = Config['settings']

function addressOf({ host, port }: Settings): string {
  const here = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${here.includes(':') ? `[${here}]` : here}:${port}`
}

function keyOf({ auth }: Settings): string | undefined {
  return auth.enabled ? (auth.adminKey ?? auth.apiKey)?.reveal() : undefined
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new UsageError(`${text} is no address. It looks like http://127.0.0.1:9090`)
  }
  return url.origin
}

async function call(
  url: string,
  key: string | undefined,
  method: string,
  path: string,
): Promise<Result<Reply, string>> {
  const headers = key === undefined ? {} : { 'x-api-key': key }
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(`${url}${path}`, { method, headers, signal, redirect: 'error' })
    const { status } = response
    const parsed = parseJson(await response.text())
    const body = parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined
    if (status === 401 || status === 403) return err(`${url} wants its admin key. ${keyHint}`)
    if (body === undefined) return err(`${url} answered ${status}, and not as lb does.`)
    return ok({ status, body })
  } catch (error) {
    return err(unreachable(url, error))
  }
}

const keyHint = 'Set LB_ADMIN_KEY, or name the configuration that has settings.auth.admin_key: --config FILE'

function unreachable(url: string, error: unknown): string {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  if (code === 'ECONNREFUSED')
    return `No lb listens on ${url}. Is it running, with another port perhaps? --url says which.`
  if (cause instanceof Error && cause.name === 'TimeoutError') return `${url} did not answer in time.`
  return `${url} could not be reached${code === undefined ? '' : ` (${code})`}.`
}

/** What an answer says about itself, for a person. */
export function messageOf({ status, body }: Reply): string {
  const error: Json | undefined = body['error']
  return stringMember(body, 'message') ?? stringMember(error ?? null, 'message') ?? `lb answered ${status}.`
}
