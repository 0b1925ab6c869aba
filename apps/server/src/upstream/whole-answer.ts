import {
  type CredentialOwner,
  classify,
  err,
  type Failure,
  type Json,
  ok,
  parseJson,
  type Result,
  scanJsonObject,
} from '@lb/protocol'

/** An answer's members by name; of a duplicated one the last counts, as in every common parser. Parsed when asked for. */
export interface AnswerMembers {
  has(name: string): boolean
  value(name: string): Json | undefined
}

/**
 * Looks into a whole answer that is passed on as it came: it must be one JSON object, and no error. What else is in it is
 * the reader's to judge; odd shapes pass.
 */
export function answerMembers(body: Buffer, credential: CredentialOwner): Result<AnswerMembers, Failure> {
  if (body.length === 0) return err(classify({ seen: 'bad-response', reason: 'empty' }))
  const outline = scanJsonObject(body, { maxDepth: 1000, maxValues: 10_000_000 })
  if (!outline.ok) return err(classify({ seen: 'bad-response', reason: 'invalid-json' }))
  const { members } = outline.value
  const value = (name: string): Json | undefined => {
    const found = members.findLast((member) => member.name === name)
    if (found === undefined) return undefined
    const parsed = parseJson(body.toString('utf8', found.start, found.end))
    return parsed.ok ? parsed.value : undefined
  }
  const error = value('error') ?? null
  if (error !== null) return err(classify({ seen: 'error-event', error: { error }, credential }))
  return ok({ has: (name) => members.some((member) => member.name === name), value })
}
