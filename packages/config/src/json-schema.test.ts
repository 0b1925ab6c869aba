import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { configJsonSchema } from './json-schema.ts'
import { said } from './testing/load.ts'

// Unknown words of editors (`deprecationMessage`) are allowed; everything else must be draft 7.
const ajv = new Ajv({
  strict: true,
  strictTypes: false,
  allErrors: true,
  allowUnionTypes: true,
  keywords: ['deprecationMessage', 'doNotSuggest'],
})
const validate = ajv.compile(configJsonSchema())

function mistakes(text: string): string[] {
  validate(parse(text))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

test('the schema is a schema of draft 7', () => {
  expect(configJsonSchema()['$schema']).toBe('http://json-schema.org/draft-07/schema#')
  expect(ajv.validateSchema(configJsonSchema())).toBe(true)
})

test("it accepts lb's example and the predecessor's", () => {
  const files = ['../../../config.example.yaml', '../testdata/predecessor.example.yaml']
  // The predecessor's parser read `yes` as a flag; editors do not.
  for (const file of files) {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8').replace('enabled: yes', 'enabled: true')
    expect(mistakes(text), file).toEqual([])
  }
})

const base =
  'providers: [{ name: a, type: anthropic, base_url: "https://a", auth_value: k }]\nmodel_routes: { "*": [{ provider: a }] }\n'

test.each([
  'settings: { prot: 1 }',
  'settings: { port: 70000 }',
  'settings: { port: http }',
  'settings: { port: 1.5 }',
  'settings: { hold: -1 }',
  'settings: { log_color: 1 }',
  'settings: { selection_strategy: first }',
  'settings: { unhealthy_http_codes: 500 }',
  'settings: { unhealthy_http_codes: [99] }',
  'settings: { oauth: { token_url: "ftp://a" } }',
  'settings: { oauth: { proxy: "ftp://a" } }',
  'settings: { auth: { keys: [{ name: a, key_sha256: abc }] } }',
  'settings: { auth: { keys: [{ key: abc }], enabled: true } }',
  'settings: { timeouts: { streaming: { read: 1 } } }',
  'settings: []',
  'rotues: {}',
  'auth: { enable: true }',
])('editors and lb both refuse %s', (wrong) => {
  expect(mistakes(base + wrong)).not.toEqual([])
  expect(said(base + wrong).some((line) => !line.includes(': notice: '))).toBe(true)
})

test.each([
  'settings:',
  'settings: { port: , hold: null, auth: , unhealthy_http_codes: }',
  'settings: { port: "$' + '{PORT:-9090}", log_color: "$' + '{COLOR:-yes}", log_level: "$' + '{LEVEL:-INFO}" }',
  'settings: { oauth: { token_url: "$' + '{URL:-https://a}", proxy: "socks5://h:1" } }',
  'settings: { hold: 0.5, port: 0 }',
  'settings: { log_level: info, selection_strategy: Round_Robin }',
  'settings: { usage: { prices: { "a*": { input: 1 } } } }',
  'auth: { enabled: false }',
  'settings: { reload_includes: [x], client_disconnect_watchdog: { a: 1 } }',
])('editors and lb both accept %s', (right) => {
  expect(mistakes(base + right)).toEqual([])
  expect(said(base + right).filter((line) => !line.includes(': notice: '))).toEqual([])
})

test('obsolete keys are marked, so that editors strike them through and do not offer them', () => {
  expect(JSON.stringify(configJsonSchema())).toContain(
    '"failover_http_codes":{"deprecated":true,"deprecationMessage":"no effect: use',
  )
})
