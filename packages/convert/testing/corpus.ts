import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Json } from '@lb/protocol'

/** One recorded or captured exchange with a provider. */
export interface Exchange {
  readonly id: string
  readonly kind: 'recorded' | 'fixture'
  readonly provider: string
  readonly model: string | null
  readonly request: Json
  readonly status: number
  readonly response_headers: Readonly<Record<string, string>> | null
  readonly response_body: Json
  readonly stream: boolean
}

/** One request that a real client sent. */
export interface Capture {
  readonly client: string
  readonly scenario: string
  readonly seq: number
  readonly path: string
  readonly body: Json
}

/**
 * Real provider traffic lives outside the repository. Without it the tests that need it say loudly that they ran on
 * nothing; where `LB_CORPUS` says that it is there, they fail.
 */
const corpusDir: string = process.env['LB_CORPUS'] ?? resolve(import.meta.dirname, '../../../../shared/corpus')
const capturesDir: string = process.env['LB_CAPTURES'] ?? resolve(import.meta.dirname, '../../../../shared/captures')

function lines<T>(file: string): readonly T[] {
  if (!existsSync(file)) {
    const message = `MISSING ${file}: set LB_CORPUS and LB_CAPTURES to run on real traffic`
    // Somebody has said that it is there.
    if (process.env['LB_CORPUS'] !== undefined) throw new Error(message)
    console.warn(`\n*** ${message} ***\n`)
    return []
  }
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}

/** All exchanges of an endpoint, recorded ones first. */
export function exchanges(endpoint: 'openai-chat' | 'openai-responses' | 'anthropic-messages'): readonly Exchange[] {
  return [
    ...lines<Exchange>(`${corpusDir}/${endpoint}.recorded.jsonl`),
    ...lines<Exchange>(`${corpusDir}/${endpoint}.fixture.jsonl`),
  ]
}

/** All requests of real clients. */
export function captures(): readonly Capture[] {
  return [
    ...lines<Capture>(`${capturesDir}/claude-code.jsonl`),
    ...lines<Capture>(`${capturesDir}/other-clients.jsonl`),
  ]
}

/** Says how much a test ran on: a test on nothing must not look like a test on everything. */
export function ran(what: string, counts: Readonly<Record<string, number>>): void {
  const figures = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  console.info(`[corpus] ${what}: ${figures.join(', ')}`)
}
