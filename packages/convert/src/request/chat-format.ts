import { type Anthropic, type Chat, isJsonObject, type Json, type JsonObject, stringifyJson } from '@lb/protocol'
import type { ChatRun } from './chat-run.ts'
import { isWalkable, mapSchema, parsedSchema } from './schema.ts'

/** The form of the answer: enforced by the API, or asked for in the instructions. */
export interface AnthropicFormat {
  readonly format: Anthropic.OutputFormat | undefined
  readonly instruction: string | undefined
}

/** Converts `response_format`. */
export function anthropicFormat(request: Chat.Request, run: ChatRun): AnthropicFormat {
  const wanted = request.response_format
  if (!wanted || wanted.type === 'text') return { format: undefined, instruction: undefined }
  if (wanted.type !== 'json_object' && wanted.type !== 'json_schema') return unknownFormat(wanted, run)
  if (wanted.type === 'json_object' || !wanted.json_schema.schema) {
    run.notes.loss('output_format_weakened', '/response_format')
    return { format: undefined, instruction: 'Answer with a JSON object, and nothing else.' }
  }
  const { schema } = wanted.json_schema
  const path = '/response_format/json_schema/schema'
  if (!run.profile.outputFormat) {
    run.notes.loss('output_format_weakened', path)
    return {
      format: undefined,
      instruction: `Answer with JSON that matches this schema, and nothing else:\n${stringifyJson(schema)}`,
    }
  }
  const parsed = parsedSchema(schema)
  if (!isWalkable(parsed)) return { format: { type: 'json_schema', schema }, instruction: undefined }
  const adapted = mapSchema(parsed, (inner) => described(closed(inner)))
  const isSame = JSON.stringify(adapted) === JSON.stringify(parsed)
  if (!isSame) run.notes.loss('schema_adapted', path)
  return { format: { type: 'json_schema', schema: isSame ? schema : adapted }, instruction: undefined }
}

/** A grammar, or whatever else some vendor has. */
function unknownFormat({ type }: { readonly type: string }, run: ChatRun): AnthropicFormat {
  run.notes.loss('feature_dropped', '/response_format', type)
  return { format: undefined, instruction: undefined }
}

/** Anthropic demands that objects are closed. */
function closed(schema: JsonObject): JsonObject {
  const isObject = schema['type'] === 'object' || isJsonObject(schema['properties'])
  return isObject && schema['additionalProperties'] === undefined ? { ...schema, additionalProperties: false } : schema
}

/** Keywords that Anthropic does not enforce; the model can still read them. */
const onlyDescribed: readonly string[] = [
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'uniqueItems',
]

function described(schema: JsonObject): JsonObject {
  const moved = onlyDescribed.filter((keyword) => Object.hasOwn(schema, keyword))
  if (moved.length === 0) return schema
  const said = moved.map((keyword) => `${keyword}: ${JSON.stringify(schema[keyword])}`).join(', ')
  const kept: [string, Json][] = Object.entries(schema).filter(([keyword]) => !moved.includes(keyword))
  const { description } = schema
  return {
    ...Object.fromEntries(kept),
    description: typeof description === 'string' ? `${description} (${said})` : said,
  }
}
