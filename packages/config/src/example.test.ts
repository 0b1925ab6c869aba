import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { rootKeys } from './keys/root-keys.ts'
import { namedEntries } from './read/key-list.ts'
import { load, said } from './testing/load.ts'

const example = readFileSync(new URL('../../../config.example.yaml', import.meta.url), 'utf8')

/** The example with every key switched on: `#key:` and the deeper lines below it lose their `#`. */
function everythingOn(text: string): string {
  let isOn = false
  const lines = text.split('\n').map((line) => {
    const key = /^(\s*)#([A-Za-z"].*)$/.exec(line)
    const below = isOn ? /^(\s*)#( {2,}.*)$/.exec(line) : null
    const match = key ?? below
    isOn = match !== null
    return match === null ? line : `${match[1]}${match[2]}`
  })
  return lines.join('\n')
}

/** The names of all keys of some data, as {@link namedEntries} writes them. */
function* pathsIn(value: unknown, path: string): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* pathsIn(item, `${path}[]`)
  else if (typeof value === 'object' && value !== null) {
    for (const [name, below] of Object.entries(value)) {
      const isName = path === 'model_routes' || path === 'settings.usage.prices' || path === 'providers[].headers'
      const own = isName ? `${path}.*` : path === '' ? name : `${path}.${name}`
      yield own
      yield* pathsIn(below, own)
    }
  }
}

test('the example starts with the line that tells editors its schema', () => {
  expect(example.split('\n')[0]).toBe('# yaml-language-server: $schema=./config.schema.json')
})

test('the example is useful as it is: one key in the environment, and it loads', () => {
  const { config } = load(example, { ANTHROPIC_API_KEY: 'sk-ant-x' })
  expect(config.providers.map(({ name }) => name)).toEqual(['anthropic'])
  expect(config.modelRoutes.map(({ pattern }) => pattern)).toEqual(['*haiku*', '*'])
  expect(said(example, { ANTHROPIC_API_KEY: 'sk-ant-x' })).toEqual([
    expect.stringContaining('the provider "openai" is disabled; the route is skipped'),
    expect.stringContaining('the provider "openai" is disabled; the route is skipped'),
  ])
})

test('without that key, it says which variable is missing and where', () => {
  const [line = ''] = said(example, {})
  expect(line).toMatch(/^\d+:17: providers\[0\].auth_value: the environment variable ANTHROPIC_API_KEY is not set/)
  expect(example.split('\n')[Number(line.split(':')[0]) - 1]).toContain('auth_value: $' + '{ANTHROPIC_API_KEY}')
})

test('the second provider is one word away', () => {
  const text = example.replace('enabled: false', 'enabled: true')
  const env = { ANTHROPIC_API_KEY: 'sk-ant-x', OPENAI_API_KEY: 'sk-x' }
  expect(said(text, env)).toEqual([])
  expect(load(text, env).config.modelRoutes[1]?.routes.map(({ provider }) => provider)).toEqual(['anthropic', 'openai'])
})

test('the values of the example are the defaults', () => {
  const text = example.replaceAll(/auth_value: \S+/g, 'auth_value: k')
  const bare = load(
    'providers: [{ name: a, type: anthropic, base_url: "https://a", auth_value: k }]\nmodel_routes: { "*": [{ provider: a }] }',
  )
  expect(load(text).config.settings).toEqual(bare.config.settings)
})

test('every key is in the example, on or off, and nothing else is', () => {
  const shown = new Set(pathsIn(parse(everythingOn(example)), ''))
  const keys = [...namedEntries(rootKeys)].filter(({ entry }) => entry.kind !== 'obsolete').map(({ path }) => path)
  expect(keys.filter((path) => !shown.has(path))).toEqual([])
  const known = new Set(keys)
  expect([...shown].filter((path) => !known.has(path) && !path.endsWith('.*'))).toEqual([])
})

test('with every key on, only what excludes each other is refused', () => {
  const env = { ANTHROPIC_API_KEY: 'sk-ant-x', OPENAI_API_KEY: 'sk-x' }
  expect(said(everythingOn(example), env).filter((line) => !line.includes('notice'))).toEqual([
    expect.stringContaining('providers[0].auth_values: auth_value is there, too; keep one of the two'),
  ])
})
