import type { Json, JsonObject } from '@lb/protocol'
import { isJsonObject } from '@lb/protocol'
import { sampleOf } from './schema-sample.ts'
import type { AskedTurn, DeclaredTool } from './turn.ts'

/** A tool call that a text obviously asks for. */
export interface RequestedCall {
  readonly name: string
  readonly input: JsonObject
}

/**
 * Finds the tool call that the last user text asks for: "run `…`", "read file …", "write file …", or the name of a declared
 * tool as a word of its own. With a forced tool choice there always is one.
 */
export function requestedCall(turn: AskedTurn): RequestedCall | undefined {
  const { toolChoice, tools, userText } = turn
  if (toolChoice === 'none' || tools.length === 0) return undefined
  if (typeof toolChoice === 'object') {
    const forced = tools.find((tool) => tool.name === toolChoice.name)
    return forced === undefined ? undefined : callOf(forced, userText, phraseFor(forced, userText))
  }
  for (const tool of tools) {
    const values = phraseFor(tool, userText)
    if (values !== undefined) return callOf(tool, userText, values)
  }
  const named = tools.find((tool) => isNamedIn(tool.name, userText))
  const chosen = named ?? (toolChoice === 'required' ? tools[0] : undefined)
  return chosen === undefined ? undefined : callOf(chosen, userText, undefined)
}

/** Values by property name. */
type Values = { readonly [property: string]: Json }

/** A path in quotes, or a word without the full stop of its sentence. */
const PATH = '(?:[`"“]([^`"”]+)[`"”]|([^\\s`"“]*[^\\s`"“.,;!?]))'
const CONTENT = '(?:[`"“]([^`"”]*)[`"”]|(.+))'

/** Phrases that ask for a kind of tool, whatever exactly it is called. */
const PHRASES: readonly {
  readonly tool: RegExp
  readonly phrase: RegExp
  readonly values: (match: RegExpExecArray) => Values
}[] = [
  {
    tool: /^(bash|shell|local_shell|exec|exec_command|run|run_command|run_shell_command|execute|terminal)$/i,
    phrase: /\brun\s+(?:the\s+)?(?:command\s*:?\s*)?`([^`]+)`/i,
    values: ([, command = '']) => ({ command, cmd: command, description: 'Run the command that was asked for' }),
  },
  {
    tool: /^(read|read_file|view|open_file)$/i,
    phrase: new RegExp(`\\bread\\s+(?:the\\s+)?file\\s+${PATH}`, 'i'),
    values: ([, quoted, bare = '']) => pathValues(quoted ?? bare),
  },
  {
    tool: /^(write|write_file|create_file)$/i,
    phrase: new RegExp(
      `\\bwrite\\s+(?:the\\s+|a\\s+)?file\\s+${PATH}(?:\\s+(?:with|saying|containing)\\s+${CONTENT})?`,
      'is',
    ),
    values: ([, quotedPath, barePath = '', quoted, bare]) => ({
      ...pathValues(quotedPath ?? barePath),
      content: quoted ?? bare ?? 'Written by the mock provider.\n',
    }),
  },
]

function phraseFor(tool: DeclaredTool, text: string): Values | undefined {
  for (const { tool: name, phrase, values } of PHRASES) {
    const match = name.test(tool.name) ? phrase.exec(text) : null
    if (match !== null) return values(match)
  }
  return undefined
}

function pathValues(path: string): Values {
  return { file_path: path, path, filename: path, absolute_path: path, filePath: path }
}

/** Plain words like `Read` count only as they are written: "please read this" asks for no tool. */
function isNamedIn(name: string, text: string): boolean {
  const isPlainWord = /^[a-z]+$/i.test(name)
  const [haystack, needle] = isPlainWord ? [text, name] : [text.toLowerCase(), name.toLowerCase()]
  for (let at = haystack.indexOf(needle); at !== -1; at = haystack.indexOf(needle, at + 1)) {
    const around = [haystack.charAt(at - 1), haystack.charAt(at + needle.length)]
    if (around.every((character) => !/[\p{L}\p{N}_]/u.test(character))) return true
  }
  return false
}

function callOf(tool: DeclaredTool, text: string, values: Values | undefined): RequestedCall {
  const named = namedValues(text)
  const quoted = quotedTexts(text)
  const input = sampleOf(tool.schema, {
    valueFor: (property) => asList(tool, property, values?.[property]) ?? named.get(property.toLowerCase()),
    text: quoted[0] ?? placeIn(text) ?? 'demo',
    optional: false,
  })
  return { name: tool.name, input: isJsonObject(input) ? input : {} }
}

/** Some shells take a list of words; a command line becomes one for `bash -lc`. */
function asList(tool: DeclaredTool, property: string, value: Json | undefined): Json | undefined {
  const properties = isJsonObject(tool.schema) ? tool.schema['properties'] : undefined
  const schema = isJsonObject(properties) ? properties[property] : undefined
  const wantsList = isJsonObject(schema) && schema['type'] === 'array'
  return wantsList && typeof value === 'string' ? ['bash', '-lc', value] : value
}

/** `city=Paris`, `days: 3`: values that a text gives by name. */
function namedValues(text: string): ReadonlyMap<string, Json> {
  const found = new Map<string, Json>()
  for (const [, name = '', quoted, bare = ''] of text.matchAll(
    /\b(\w+)\s*[=:]\s*(?:["“`]([^"”`]*)["”`]|([\w.\-/]+))/g,
  )) {
    const number = Number(bare)
    const value = quoted ?? (bare !== '' && Number.isFinite(number) ? number : bare)
    found.set(name.toLowerCase(), bare === 'true' ? true : bare === 'false' ? false : value)
  }
  return found
}

function quotedTexts(text: string): readonly string[] {
  return [...text.matchAll(/["“`]([^"”`]+)["”`]/g)].map(([, quoted = '']) => quoted)
}

/** "the weather in Paris": a name after a preposition is what most tools want to know. */
function placeIn(text: string): string | undefined {
  return /\b(?:in|for|at|about|of)\s+(\p{Lu}[\p{L}\-']*(?:\s\p{Lu}[\p{L}\-']*)*)/u.exec(text)?.[1]
}
