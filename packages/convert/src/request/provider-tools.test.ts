import { expect, test } from 'vitest'
import { clientTools, serverTools, toolSearch, toolset } from './provider-tools.ts'

/** An input in short: its members with their types, a star where they are required, and their values where they are few. */
function inShort(schema: unknown): string {
  const { type, properties, required = [] } = Object(schema)
  const members = Object.entries<{ type: string; enum?: string[]; items?: { type: string } }>(properties).map(
    ([name, { type: kind, enum: values, items }]) =>
      `${name}${required.includes(name) ? '*' : ''}: ${values?.join('|') ?? (items === undefined ? kind : `${items.type}[]`)}`,
  )
  return `${type} { ${members.join(', ')} }`
}

const typed = (rows: readonly { readonly type: RegExp; readonly schema?: unknown }[]) => (type: string) =>
  rows
    .filter((row) => row.type.test(type))
    .map(({ schema }) => (schema === undefined ? 'undocumented' : inShort(schema)))

// As documented under https://platform.claude.com/docs/en/agents-and-tools/tool-use
test.each<[string, string]>([
  ['bash_20250124', 'object { command: string, restart: boolean }'],
  [
    'text_editor_20250728',
    'object { command*: view|create|str_replace|insert, path*: string, file_text: string, old_str: string, new_str: string, insert_line: integer, insert_text: string, view_range: integer[] }',
  ],
  [
    'memory_20250818',
    'object { command*: view|create|str_replace|insert|delete|rename, path: string, view_range: integer[], file_text: string, old_str: string, new_str: string, insert_line: integer, insert_text: string, old_path: string, new_path: string }',
  ],
])('%s, which the client runs, takes %s', (type, input) => {
  expect(typed(clientTools)(type)).toEqual([input])
})

test.each<[string, string]>([
  ['web_search_20250305', 'object { query*: string }'],
  ['web_fetch_20250910', 'object { url*: string }'],
  ['code_execution_20250825', 'object { code*: string }'],
  ['advisor_20260301', 'undocumented'],
  ['mcp_toolset', 'undocumented'],
])('%s, which the provider runs, takes %s', (type, input) => {
  expect(typed(serverTools)(type)).toEqual([input])
})

test.each([
  'x_bash_20250124',
  'bash_2025',
  'bash_202501245',
  'web_search',
  'my_web_search_20250305',
  'mcp_toolset_1',
  'Bash',
])('%s is nobody’s: the type says it, not a part of it', (type) => {
  expect([...typed(clientTools)(type), ...typed(serverTools)(type)]).toEqual([])
  expect([toolSearch.test(type), toolset.test(type)]).toEqual([false, false])
})

test('searches and toolsets are told by how their types begin', () => {
  expect(toolSearch.test('tool_search_tool_regex_20251119')).toBe(true)
  expect(toolSearch.test('my_tool_search_tool_bm25')).toBe(false)
  expect(['computer_20250124', 'browser_toolset', 'computer_toolset'].map((type) => toolset.test(type))).toEqual([
    true,
    true,
    true,
  ])
  expect(toolset.test('my_computer_20250124')).toBe(false)
})

test('whoever has to be told is told in whole sentences', () => {
  const described = [...clientTools, ...serverTools].flatMap(({ description, schema }) => [
    ...(description === undefined ? [] : [description]),
    ...Object.values<{ description?: string }>(Object(schema).properties ?? {}).flatMap((one) => one.description ?? []),
  ])
  expect(described).toHaveLength(15)
  expect(described.filter((text) => !/^[A-Z].{10,}\.$/.test(text))).toEqual([])
})
