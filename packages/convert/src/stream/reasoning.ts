import { type JsonObject, stringMember } from '@lb/protocol'
import { type Carrier, detailsWithTexts, detailTexts, encodeCarrier, isCarrier } from '../carrier.ts'
import type { ConversionContext } from '../context.ts'

/**
 * What the signatures of an answer's reasoning have to carry. One entry for each run of reasoning: whatever else is said
 * in between starts a new one.
 */
export interface ReasoningNotes {
  /** The key of the run that is open, or of a new one. */
  key(): string
  /** Something else was said. */
  interrupt(): void
  /** Takes down an entry of `reasoning_details`. Pieces of one entry are put together. */
  detail(entry: JsonObject): void
  /** A reasoning of the upstream's own that is named by its key. It is open until it is carried. */
  open(key: string): void
  /** Takes down what an open reasoning has to carry. `undefined`: nothing but its text. */
  carry(key: string, carried: Pick<Carrier, 'k' | 'd'> | undefined): void
  isOpen(key: string): boolean
  /** A run of its own for what belongs to the next block. Returns its key. */
  apart(carried: Pick<Carrier, 'k' | 'd'>): string
  /** The signature of the run. `undefined`: none is to be written. */
  signature(key: string, hidden: string): string | undefined
}

/** Starts the notes of one answer. */
export function createReasoningNotes(context: ConversionContext): ReasoningNotes {
  const runs = new Map<string, Pick<Carrier, 'k' | 'd'> | JsonObject[]>()
  const open = new Set<string>()
  let count = 0
  let isOpen = false

  function key(): string {
    if (!isOpen) count += 1
    isOpen = true
    return `reasoning ${count}`
  }

  return {
    key,
    interrupt() {
      isOpen = false
    },
    detail(entry) {
      const known = runs.get(key())
      if (Array.isArray(known)) addDetail(known, entry)
      else runs.set(key(), [lengthsOnly(entry)])
    },
    open: (own) => open.add(own),
    carry(own, carried) {
      open.delete(own)
      if (carried !== undefined) runs.set(own, carried)
    },
    isOpen: (own) => open.has(own),
    apart(carried) {
      isOpen = false
      const own = key()
      isOpen = false
      runs.set(own, carried)
      return own
    },
    signature(own, hidden) {
      if (context.carrier === 'off') return undefined
      const run = runs.get(own)
      const genuine = Array.isArray(run) ? genuineSignature(run) : undefined
      if (genuine !== undefined) return genuine
      const isOpaque = run !== undefined && context.carrier === 'full'
      return encodeCarrier({ v: 1, p: context.profile.id, ...(isOpaque ? carried(run, hidden) : textCarrier(hidden)) })
    },
  }
}

function carried(run: Pick<Carrier, 'k' | 'd'> | readonly JsonObject[], hidden: string): Pick<Carrier, 'k' | 'd'> {
  if (!isDetails(run)) return run
  return { k: 'details', d: hidden === '' ? [...run] : [...detailsWithTexts(run, hidden)] }
}

function isDetails(run: Pick<Carrier, 'k' | 'd'> | readonly JsonObject[]): run is readonly JsonObject[] {
  return Array.isArray(run)
}

/** A text that the client does not see travels in the signature. */
function textCarrier(hidden: string): Pick<Carrier, 'k' | 'd'> {
  return hidden === '' ? { k: 'text' } : { k: 'text', d: hidden }
}

/**
 * A signature that is Anthropic's own needs no carrier: it passes as it is. A carrier in its place comes from another
 * proxy of ours upstream, who wants it back as it is, so it is carried like everything else.
 */
function genuineSignature(run: readonly JsonObject[]): string | undefined {
  const signatures = run
    .filter((entry) => String(entry['format']).startsWith('anthropic'))
    .map((entry) => stringMember(entry, 'signature'))
  return signatures.find((signature) => signature !== undefined && !isCarrier(signature))
}

/** The block has the text; its length is enough to find it there. */
function lengthsOnly(entry: JsonObject): JsonObject {
  const short: JsonObject = { ...entry }
  for (const name of detailTexts) {
    const text = entry[name]
    if (typeof text === 'string') short[name] = text.length
  }
  return short
}

function addDetail(run: JsonObject[], entry: JsonObject): void {
  const last = run.at(-1)
  const short = lengthsOnly(entry)
  if (last === undefined || last['type'] !== entry['type'] || last['index'] !== entry['index']) {
    run.push(short)
    return
  }
  for (const [name, value] of Object.entries(short)) {
    const before = last[name]
    const grows = name === 'text' || name === 'summary' || name === 'data'
    if (grows && typeof before === 'number' && typeof value === 'number') last[name] = before + value
    else if (grows && typeof before === 'string' && typeof value === 'string') last[name] = before + value
    else if (value !== null) last[name] = value
  }
}

/** What an entry of `reasoning_details` lets a reader see. */
export function visibleText(entry: JsonObject): string {
  return stringMember(entry, 'text') ?? stringMember(entry, 'summary') ?? ''
}
