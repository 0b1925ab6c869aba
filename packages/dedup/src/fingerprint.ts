import { err, type JsonMember, type JsonOutline, ok, type Result } from '@lb/protocol'
import { attributionRange } from './canonical/attribution.ts'
import { Canonicalizer, type CanonicalProblem, NOTHING } from './canonical/canonicalizer.ts'

/**
 * The identity of a question: two requests have the same fingerprint exactly when one answer serves both.
 *
 * What is digested is a line that names who asks, what, and how, then the canonical body:
 *
 *   ["lb-dedup/1",tenant,credential,endpoint,stream,[[header,value],…]] LF canonical body
 *
 * The line is JSON without white space, so it has no line feed of its own and can be cut apart in one way only: equal
 * bytes mean equal questions, and the digest keeps it so.
 *
 * Rules of this file:
 * - Left out is only what cannot change the answer: key order and white space, `metadata`, the numbers in Claude Code's
 *   attribution block, and `stream`, which has its own place. When in doubt something stays in: a missed match costs a
 *   call, a false one gives somebody a wrong answer.
 * - What is left out has the form that the API takes. Else the upstream may refuse the one and answer the other.
 * - Members of the root that stand twice are never left out: upstreams differ on which one counts.
 */
export interface Question {
  /** Whose traffic this is: the name of the client key, or a constant when there are none. Never shared between tenants. */
  readonly tenant: string
  /** Stable identity of the credential that pays, never the secret itself. Two credentials never share an answer. */
  readonly credential: string
  /** Name of the route, e.g. `/v1/messages`. Query parameters that mean nothing (`?beta=true`) are not part of it. */
  readonly endpoint: string
  /** Whether the client asked for a stream. Streams join streams, whole answers join whole answers. */
  readonly stream: boolean
  /** Headers of the request by lower-case name. Only {@link semanticHeaders} are looked at. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The request's body as received. */
  readonly body: Uint8Array
  /** The outline of `body`, which whoever accepted the request has read already. */
  readonly outline: JsonOutline
}

/** What of a question counts. */
export interface FingerprintPolicy {
  /**
   * Whether requests that differ only in `max_tokens` are different questions. The predecessor's default is `false`,
   * because clients lower the value when they ask again; a probe of up to {@link PROBE_MAX_TOKENS} stays apart anyway.
   */
  readonly includeMaxTokens: boolean
}

/** Turns bytes into a key, e.g. HMAC-SHA-256 in base64url under a key drawn at start. Must resist collisions. */
export type Digest = (preimage: Uint8Array) => string

/**
 * Creates the function that fingerprints questions. It keeps its work space from call to call: the bytes that `digest`
 * gets are only valid inside that call.
 *
 * The function fails when the body is not JSON or nests deeper than 200 levels; such a request is never shared.
 *
 * @example
 *   const fingerprint = createFingerprint((bytes) => createHmac('sha256', bootKey).update(bytes).digest('base64url'))
 *   fingerprint(question, { includeMaxTokens: false })  // → { ok: true, value: 'n4bQgYhMfWWaL…' }
 */
export function createFingerprint(
  digest: Digest,
): (question: Question, policy: FingerprintPolicy) => Result<string, CanonicalProblem> {
  const canonicalizer = new Canonicalizer()
  let space: Uint8Array = new Uint8Array(KEPT_BYTES)
  return (question, policy) => {
    const { body } = question
    const read = canonicalizer.read(body, omissionsOf(question, policy))
    if (!read.ok) return err(read.error)
    const head = `${headOf(question)}\n`
    const room = head.length * MOST_BYTES_A_UNIT + body.length
    const target = room <= space.length ? space : new Uint8Array(room)
    // Grown for the usual size; a giant's room is not kept.
    if (room <= MAX_KEPT_BYTES) space = target
    // Into the room that is there: an array of its own for so little costs more than what stands in it.
    const { written } = toUtf8.encodeInto(head, target)
    return ok(digest(target.subarray(0, canonicalizer.write(target, written))))
  }
}

/**
 * Up to this many tokens, `max_tokens` stays in the key whatever the policy says. Such a request is a probe (Claude Code
 * verifies keys and quotas with 1, warms caches with 0) and its answer is no answer to the real question.
 */
export const PROBE_MAX_TOKENS = 32

/** Headers that change the answer, and how their values compare: as a set of comma-separated words, or as they are. */
export const semanticHeaders: Readonly<Record<string, 'set' | 'exact'>> = {
  'anthropic-beta': 'set',
  'anthropic-version': 'exact',
  'anthropic-workspace-id': 'exact',
  // A client that numbers its operations says that two of them are two.
  'idempotency-key': 'exact',
  'openai-beta': 'set',
  'openai-organization': 'exact',
  'openai-project': 'exact',
}

const toUtf8 = new TextEncoder()
/** UTF-8 of a UTF-16 unit. */
const MOST_BYTES_A_UNIT = 3
const KEPT_BYTES = 256 * 1024
const MAX_KEPT_BYTES = 1024 * 1024

function headOf({ tenant, credential, endpoint, stream, headers }: Question): string {
  const values: [name: string, words: readonly string[]][] = []
  for (const [name, compare] of semantics) {
    const value = headers[name]
    if (value === undefined) continue
    const words = typeof value === 'string' ? [value] : value
    values.push([name, compare === 'set' ? setOf(words) : words.map((word) => word.trim())])
  }
  return JSON.stringify(['lb-dedup/1', tenant, credential, endpoint, stream, values])
}

const semantics = Object.entries(semanticHeaders)

function setOf(values: readonly string[]): string[] {
  const words = values.flatMap((value) => value.split(',')).map((word) => word.trim())
  return [...new Set(words)].filter((word) => word !== '').sort()
}

function omissionsOf({ body, outline }: Question, policy: FingerprintPolicy): typeof NOTHING {
  const keyStarts = new Set<number>()
  let range = { start: NOTHING.cutStart, end: NOTHING.cutEnd }
  for (const member of outline.members) {
    const meaning = meanings.get(member.name)
    if (meaning === undefined || outline.members.some((other) => other !== member && other.name === member.name)) {
      continue
    }
    if (meaning === 'attribution') range = attributionRange(body, member) ?? range
    else if (meansNothing[meaning](body, member, policy)) keyStarts.add(member.keyStart)
  }
  return { keyStarts, cutStart: range.start, cutEnd: range.end }
}

type Meaning = 'labels' | 'stream' | 'limit'

/** Members of the root that are not simply part of the question. */
const meanings: ReadonlyMap<string, Meaning | 'attribution'> = new Map([
  ['metadata', 'labels'],
  ['stream', 'stream'],
  ['max_tokens', 'limit'],
  ['max_completion_tokens', 'limit'],
  ['max_output_tokens', 'limit'],
  ['system', 'attribution'],
] as const)

/** Whether the member may be left out. */
const meansNothing: Record<Meaning, (body: Uint8Array, member: JsonMember, policy: FingerprintPolicy) => boolean> = {
  labels: (body, member) => LABELS.test(lexeme(body, member, LONGEST_LABELS)),
  stream: (body, member) => /^(?:true|false)$/.test(lexeme(body, member)),
  limit: (body, member, { includeMaxTokens }) => {
    const text = lexeme(body, member)
    return !includeMaxTokens && /^[1-9]\d*$/.test(text) && Number(text) > PROBE_MAX_TOKENS
  },
}

/** The text of a value; one that is longer is empty. */
function lexeme(body: Uint8Array, { start, end }: JsonMember, longest: number = LONGEST_LIMIT): string {
  if (end - start > longest) return ''
  let text = ''
  for (let at = start; at < end; at += 1) text += String.fromCharCode(body[at] as number)
  return text
}

/** Digits. No model writes ten million tokens: an upstream refuses such a limit, and with it whoever shares the call. */
const LONGEST_LIMIT = 7

/** At most 16 short texts by name, or `null`, as the APIs take them; Claude Code's has one, `user_id`. */
const LABEL = '"(?:[^"\\\\\\x00-\\x1f\\x7f-\\xff]|\\\\(?:["\\\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})){0,512}"'
const PAIR = `\\s*${LABEL}\\s*:\\s*(?:${LABEL}|null)\\s*`
const LABELS = new RegExp(`^\\{(?:${PAIR}(?:,${PAIR}){0,15}|\\s*)\\}$`)
const LONGEST_LABELS = 4096
