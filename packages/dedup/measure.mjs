/**
 * What a fingerprint costs, beside its digest alone and beside the obvious way: parse, sort, print, digest.
 *
 *   pnpm --filter @lb/dedup build && LB_CAPTURES=../../../shared/captures pnpm --filter @lb/dedup measure
 */
import { createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { scanJsonObject } from '@lb/protocol'
import { createFingerprint } from './dist/index.js'

const hmac = (bytes) => createHmac('sha256', 'a key').update(bytes).digest('base64url')
const fingerprint = createFingerprint(hmac)

for (const [name, body] of bodies()) {
  const outline = scanJsonObject(body).value
  const question = { tenant: 't', credential: 'c', endpoint: '/v1/messages', stream: true, headers: {}, body, outline }
  const row = {
    'digest alone': microseconds(() => hmac(body)),
    fingerprint: microseconds(() => fingerprint(question, { includeMaxTokens: false })),
    'parse, sort, print, digest': microseconds(() => hmac(JSON.stringify(sorted(JSON.parse(body.toString()))))),
  }
  const shown = Object.entries(row).map(([what, us]) => `${what} ${us.toFixed(0)} µs`)
  console.log(`${name}, ${body.length} bytes: ${shown.join(' · ')}`)
}

/** A recorded first request, and a conversation that reads source files until it has 150 KB. */
function bodies() {
  const path = `${process.env.LB_CAPTURES ?? '../../../shared/captures'}/claude-code.jsonl`
  if (!existsSync(path)) throw new Error(`${path} is absent; set LB_CAPTURES to the recorded requests.`)
  const first = JSON.parse(readFileSync(path, 'utf8').split('\n')[0]).body
  const source = readFileSync(new URL('src/flight/step.ts', import.meta.url), 'utf8')
  const conversation = structuredClone(first)
  for (let id = 0; JSON.stringify(conversation).length < 150_000; id += 1) {
    const input = { file_path: `src/${id}.ts` }
    conversation.messages.push(
      { role: 'assistant', content: [{ type: 'tool_use', id: `toolu_${id}`, name: 'Read', input }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: `toolu_${id}`, content: source }] },
    )
  }
  return [
    ['first request', Buffer.from(JSON.stringify(first))],
    ['conversation', Buffer.from(JSON.stringify(conversation))],
    ['the same, indented', Buffer.from(JSON.stringify(conversation, null, 2))],
  ]
}

/** The median of nine rounds, after warming up. */
function microseconds(run) {
  const rounds = Array.from({ length: 12 }, () => {
    const start = process.hrtime.bigint()
    for (let count = 0; count < 200; count += 1) run()
    return Number(process.hrtime.bigint() - start) / 200_000
  })
  return rounds.slice(3).sort((a, b) => a - b)[4]
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([key, inner]) => [key, sorted(inner)]))
}
