// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these texts are what is tested
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { load, provider, route, said, withSettings } from '../testing/load.ts'
import { substitute } from './env.ts'

const env = { A: 'alpha', EMPTY: '', _x1: 'one', DOLLAR: '${A} $$ {', YAML: 'x\nport: 1 # "' }

test.each([
  ['${A}', 'alpha'],
  ['<${A}|${_x1}>', '<alpha|one>'],
  ['${A:-other}', 'alpha'],
  ['${NONE:-other}', 'other'],
  ['${EMPTY:-other}', 'other'],
  ['${EMPTY}', ''],
  ['${NONE:-}', ''],
  ['${NONE:-a:-b $c {d}', 'a:-b $c {d'],
  ['${NONE:-two\nlines}', 'two\nlines'],
  ['${DOLLAR}', '${A} $$ {'],
])('%j becomes %j', (text, result) => {
  expect(substitute(text, env)).toEqual({ kind: 'text', text: result, computed: true })
})

test.each([
  ['', ''],
  ['plain', 'plain'],
  ['$A $ $$ $1 {A} }', '$A $ $$ $1 {A} }'],
  ['$${A}', '${A}'],
  ['$$${A}', '$${A}'],
  ['$${', '${'],
  ['^a$|b$', '^a$|b$'],
])('%j has no variable and is %j', (text, result) => {
  expect(substitute(text, env)).toEqual({ kind: 'text', text: result, computed: false })
})

test('an escape next to a variable is one', () => {
  expect(substitute('$${A}${A}', env)).toMatchObject({ text: '${A}alpha' })
  expect(substitute('${A}$${A}', env)).toMatchObject({ text: 'alpha${A}' })
  expect(substitute('${A}${A}', env)).toMatchObject({ text: 'alphaalpha' })
})

test('all variables that are missing are named', () => {
  expect(substitute('${ONE}${A}${TWO}', env)).toEqual({ kind: 'unset', names: ['ONE', 'TWO'] })
})

test('what every object inherits is no variable', () => {
  for (const name of ['toString', '__proto__', 'constructor']) {
    expect(substitute(`\${${name}}`, {})).toEqual({ kind: 'unset', names: [name] })
  }
})

test.each(['${', '${}', '${A', '${1A}', '${A-B}', '${A:+x}', '${A:-${B}}', '${ A }', '${A}${'])(
  '%j is malformed',
  (text) => {
    expect(substitute(text, env)).toEqual({ kind: 'malformed' })
  },
)

test('every text has one of the three answers, and none without ${ is changed', () => {
  const text = fc.string({ unit: fc.constantFrom('$', '{', '}', 'A', ':-', ':', 'x', '\n'), maxLength: 30 })
  fc.assert(
    fc.property(text, (sample) => {
      const result = substitute(sample, env)
      expect(['text', 'unset', 'malformed']).toContain(result.kind)
      if (!sample.includes('${')) expect(result).toEqual({ kind: 'text', text: sample, computed: false })
    }),
  )
})

test('escaping makes any text a literal', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'A', ' '), maxLength: 20 }), (sample) => {
      const escaped = sample.replaceAll('${', () => '$${')
      expect(substitute(escaped, {})).toEqual({ kind: 'text', text: sample, computed: false })
    }),
  )
})

test('a variable fills a value and cannot add a key', () => {
  const { config } = load(withSettings('{ app_name: "${YAML}" }'), env)
  expect(config.settings.appName).toBe('x\nport: 1 # "')
  expect(config.settings.port).toBe(9090)
})

test('variables work in every kind of value', () => {
  const text = `providers:
  - name: \${NAME}
    type: \${TYPE}
    base_url: https://\${HOST}/\${PATH_PART:-v}
    auth_values: [{ value: \${KEY} }, { value: "\${KEY}2", weight: \${W} }]
    enabled: \${ON}
    profile: { base: \${NAME}, deep: [{ x: "\${W}" }] }
    headers: { x-team: \${NAME} }
model_routes: { "*": [{ provider: \${NAME}, priority: "\${W}" }] }
settings: { port: "\${PORT:-9191}", log_color: "\${OFF}", unhealthy_http_codes: ["\${CODE}"], hold: "\${W}" }
`.replace(/\$\{(NAME|W|KEY)\}(?=[ ,}\]])/g, '"$&"')
  const values = { NAME: 'n', TYPE: 'OpenAI', HOST: 'h', KEY: 'secret', W: '2.5', ON: 'yes', OFF: '0', CODE: '418' }
  const text25 = said(text, values)
  expect(text25).toEqual(['9:56: model_routes["*"][0].priority: must be a whole number'])
  const { config } = load(text, { ...values, W: '2' })
  expect(config.providers[0]).toMatchObject({
    name: 'n',
    dialect: 'chat',
    baseUrl: 'https://h/v',
    profile: { base: 'n', deep: [{ x: '2' }] },
    auth: { kind: 'bearer', keys: [{ weight: 1 }, { weight: 2 }] },
  })
  expect(config.settings).toMatchObject({ port: 9191, logColor: false, unhealthyHttpCodes: [418], holdMs: 2000 })
})

test('variables in keys and model patterns are left alone', () => {
  const { config } = load(`providers: [{ name: a, type: anthropic, base_url: "https://a", auth_value: k }]
model_routes: { "\${A}": [{ provider: a }] }`)
  expect(config.modelRoutes[0]?.pattern).toBe('${A}')
})

test('a missing variable is an error at its place that names it', () => {
  expect(said(withSettings('{ app_name: "${NOPE}", app_version: "${X}-${Y}" }'))).toEqual([
    '3:23: settings.app_name: the environment variable NOPE is not set; set it, or give a default: ${NOPE:-…}',
    '3:47: settings.app_version: the environment variables X, Y are not set; set them, or give defaults: ${X:-…}',
  ])
  expect(said(withSettings('{ app_name: "${-}" }'))).toEqual([
    '3:23: settings.app_name: not a variable: write ${NAME} or ${NAME:-default}; a literal ${ is written $${',
  ])
})

test('a whole value in a shell’s spelling is text, which a notice says without showing it', () => {
  const text = provider.replace('key-of-a', () => '$ANTHROPIC_API_KEY')
  const notice = 'notice: providers[0].auth_value: the dollar sign is part of the value; a variable is written ${NAME}'
  expect(said(`${text}\n${route}`, { ANTHROPIC_API_KEY: 'k' })).toEqual([`1:84: ${notice}`])
  for (const value of ['$', '$5', '$a-b', 'US$', 'p$word', '$${HOME}'])
    expect(said(`${provider.replace('key-of-a', () => `"${value}"`)}\n${route}`)).toEqual([])
  expect(said(withSettings('{ unhealthy_response_body_patterns: ["$quota"] }'))).toEqual([])
})

test('inside of what is disabled, variables need not be set', () => {
  const text = `providers:
  - { name: a, type: anthropic, base_url: "https://a", auth_value: k }
  - { name: "\${B_NAME}", enabled: false, base_url: "\${B_URL}", auth_values: [{ value: "\${B_KEY}" }], profile: { a: "\${P}" } }
  - { name: c, base_url: "https://c", enabled: "\${USE_C:-no}", auth_value: "\${C_KEY}" }
model_routes: { "*": [{ provider: a }] }
settings: { auth: { api_key: "\${KEY}", keys: [{ name: x, key: "\${X_KEY}" }] }, app_name: "\${NOPE}" }`
  expect(said(text)).toEqual([
    '6:90: settings.app_name: the environment variable NOPE is not set; set it, or give a default: ${NOPE:-…}',
  ])
})

test('no message shows what a variable holds', () => {
  const text = withSettings(
    '{ port: "${V}", log_level: "${V}", log_color: "${V}", unhealthy_http_codes: ["${V}"], oauth: { token_url: "${V}" } }',
  )
  const lines = said(text, { V: 'canary' })
  expect(lines).toHaveLength(5)
  expect(lines.join()).not.toContain('canary')
})
