import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPair, isScalar, isSeq, parseDocument, stringify, visit } from 'yaml'
import { loadConfig } from './load.ts'
import { type ConfigProblem, formatProblems } from './problem.ts'
import { load, provider, route } from './testing/load.ts'

const example = readFileSync(new URL('../testdata/predecessor.example.yaml', import.meta.url), 'utf8')
/** The same without the one word that only stands for a flag while it has no quotes. */
const content = parseDocument(example.replace('enabled: yes', 'enabled: true')).toJS()

function problemsOf(text: string): readonly ConfigProblem[] {
  const loaded = loadConfig(text, { HOME: '/home/x' })
  return loaded.ok ? loaded.value.notices : loaded.error
}

/** Line and column, the slow and simple way. */
function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

/** `a[0]["b c"].d` → ['a', 0, 'b c', 'd'] */
function steps(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\.?([^.[\]]+)/g)].map(([, index, quoted, word]) =>
    index !== undefined ? Number(index) : quoted !== undefined ? JSON.parse(`"${quoted}"`) : (word ?? ''),
  )
}

function expectSensible(text: string): void {
  const loaded = loadConfig(text, {})
  const problems = loaded.ok ? loaded.value.notices : loaded.error
  expect(problems.some(({ severity }) => severity === 'error')).toBe(!loaded.ok)
  const lines = text.split('\n')
  for (const { line, column, message, path } of problems) {
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines.length)
    expect(column).toBeGreaterThanOrEqual(1)
    expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1)
    expect(message).not.toBe('')
    expect(path.length).toBeLessThan(2000)
  }
  expect(formatProblems(problems, 'f').split('\n').length).toBeGreaterThanOrEqual(Math.min(1, problems.length))
}

test('no text makes it throw, and every problem points into the text', () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string()), expectSensible), { numRuns: 300 })
}, 60_000)

test('no damage to a real file makes it throw, and every problem points into the text', () => {
  const damage = fc.record({
    at: fc.nat(example.length),
    removed: fc.oneof(fc.nat(3), fc.nat(200)),
    added: fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.constantFrom(
        '\n',
        ' ',
        ': ',
        '- ',
        '[',
        '}',
        '"',
        "'",
        '#',
        '${',
        '&a ',
        '*a',
        '!!x ',
        '<<: ',
        '\t',
        '|',
        '\0',
        '$' + '{A}',
      ),
    ),
  })
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (damages) => {
      let text = example
      for (const { at, removed, added } of damages) text = text.slice(0, at) + added + text.slice(at + removed)
      expectSensible(text)
    }),
    { numRuns: 150 },
  )
}, 120_000)

test('a wrong key or value is reported at its own place', () => {
  const document = parseDocument(example)
  const spots: {
    readonly path: readonly (string | number)[]
    readonly offset: number
    readonly end: number
    readonly isKey: boolean
  }[] = []
  visit(document, {
    Scalar(role, node, parents) {
      const path = parents.flatMap((parent, index): (string | number)[] => {
        if (isPair(parent)) return isScalar(parent.key) ? [String(parent.key.value)] : []
        const child = parents[index + 1] ?? node
        return isSeq(parent) ? [parent.items.indexOf(child)] : []
      })
      const [offset = 0, end = 0] = node.range ?? []
      spots.push({ path, offset, end, isKey: role === 'key' })
    },
  })
  // Keys below an obsolete key or in a map of patterns may have any name, and texts may have any value.
  const strict = spots.filter(({ path, isKey }) =>
    isKey
      ? (path[0] !== 'model_routes' || path.length > 2) && (path[1] !== 'testing' || path.length === 2)
      : ['port', 'failure_cooldown', 'read_timeout', 'enabled', 'type'].includes(String(path.at(-1))),
  )
  expect(strict.length).toBeGreaterThan(100)
  fc.assert(
    fc.property(fc.constantFrom(...strict), ({ path, offset, end, isKey }) => {
      const text = `${example.slice(0, offset)}"zzzzzzzz"${example.slice(end)}`
      const errors = problemsOf(text).filter(({ severity }) => severity === 'error')
      const expected = isKey ? [...path.slice(0, -1), 'zzzzzzzz'] : path
      const found = errors.find((problem) => JSON.stringify(steps(problem.path)) === JSON.stringify(expected))
      expect(found, `${path.join('.')}: ${formatProblems(errors, 'f')}`).toMatchObject(placeOf(text, offset))
    }),
    { numRuns: 120 },
  )
}, 120_000)

test('the same content in another style of YAML is the same config', () => {
  const expected = loadConfig(example, {})
  const style = fc.record({
    indent: fc.integer({ min: 2, max: 6 }),
    collectionStyle: fc.constantFrom<'any' | 'block' | 'flow'>('any', 'block', 'flow'),
    defaultStringType: fc.constantFrom<'PLAIN' | 'QUOTE_DOUBLE' | 'QUOTE_SINGLE' | 'BLOCK_LITERAL'>(
      'PLAIN',
      'QUOTE_DOUBLE',
      'QUOTE_SINGLE',
      'BLOCK_LITERAL',
    ),
    lineWidth: fc.constantFrom(0, 40, 120),
    nullStr: fc.constantFrom('null', '~', ''),
    flowCollectionPadding: fc.boolean(),
    indentSeq: fc.boolean(),
  })
  fc.assert(
    fc.property(
      style,
      fc.constantFrom('', '\ufeff', '# comment\n', '---\n'),
      fc.boolean(),
      (options, prefix, isWindows) => {
        const text = prefix + stringify(content, { ...options, defaultKeyType: 'PLAIN' })
        const loaded = loadConfig(isWindows ? text.replaceAll('\n', '\r\n') : text, {})
        if (!loaded.ok || !expected.ok) throw new Error(formatProblems(loaded.ok ? [] : loaded.error, 'f'))
        expect(loaded.value.config).toEqual(expected.value.config)
      },
    ),
    { numRuns: 60 },
  )
}, 120_000)

test('JSON is YAML, and loading does not depend on the order of keys', () => {
  const shuffled = {
    settings: Object.fromEntries(Object.entries(content.settings).reverse()),
    model_routes: content.model_routes,
    providers: content.providers,
  }
  const expected = loadConfig(example, {})
  const loaded = loadConfig(JSON.stringify(shuffled), {})
  expect(loaded.ok && expected.ok && loaded.value.config).toEqual(expected.ok && expected.value.config)
})

test('any environment value ends up as that text and nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), (value) => {
      const text = `${provider}\n${route}\nsettings: { app_name: "$\{V}", allowed_hosts: ["a$\{V}b"] }`
      const { settings } = load(text, { V: value }).config
      expect(settings.appName).toBe(value)
      expect(settings.allowedHosts).toEqual([`a${value}b`])
      expect({ ...settings, appName: '', allowedHosts: [] }).toEqual({
        ...load(`${provider}\n${route}`).config.settings,
        appName: '',
        allowedHosts: [],
      })
    }),
    { numRuns: 100 },
  )
}, 60_000)

test('no secret is in any message, whatever else is wrong', () => {
  const secrets = ['canary-1-0123456789012345', 'canary2']
  const wrong = fc.constantFrom(
    (secret: string) =>
      `providers: [{ name: a, type: anthropic, base_url: "https://a", auth_value: ${secret}, auth_values: [{ value: ${secret} }] }]`,
    (secret: string) =>
      `providers: [{ name: a, type: anthropic, base_url: "https://u:${secret}@a", auth_value: ${secret} }]`,
    (secret: string) => `providers: [{ name: a, type: anthropic, base_url: "https://a", auth_value: [${secret}] }]`,
    (secret: string) =>
      `providers: [{ name: a, type: anthropic, base_url: "https://a", auth_value: { ${secret.slice(0, 2)}: ${secret} } }]`,
    (secret: string) =>
      `providers: [{ name: a, type: anthropic, base_url: "https://a", auth_values: ${secret}, proxy: "x://${secret}" }]`,
    (secret: string) => `providers: [{ name: a, type: anthropic, auth_value: "${secret}" "${secret}" }]`,
    (secret: string) => `auth: ${secret}`,
    (secret: string) =>
      `settings: { auth: { enabled: true, api_key: ${secret}, keys: [{ name: a, key: ${secret} }, { name: a, key: ${secret} }] } }`,
    (secret: string) =>
      `settings: { auth: { keys: ${secret} }, oauth: { encryption_key: [${secret}], proxy: "http://${secret}@" } }`,
    (secret: string) => `${secret}`,
    (secret: string) => `"${secret}`,
    (secret: string) => `- ${secret}\na: b`,
    (secret: string) => `a: |${secret}`,
  )
  fc.assert(
    fc.property(wrong, fc.constantFrom(...secrets), (make, secret) => {
      expect(JSON.stringify(problemsOf(make(secret)))).not.toContain('canary')
    }),
  )
})
