import { describe, expect, test } from 'vitest'
import { derivedFiles } from '../derived.ts'
import { principles } from '../principles.ts'
import { type Repository, repositoryOf } from '../repository.ts'
import { laws } from './index.ts'

// A law that cannot fail is a defect. Here is a small repository that keeps every law, and for each law what breaks it.

type Files = Readonly<Record<string, string>>

const manifest = (name: string, dependencies: Record<string, string> = {}): string =>
  JSON.stringify({ name, dependencies })
const lines = (count: number, line = '// line'): string => `${line}\n`.repeat(count)
/** A package's README: its example, with the comment behind it, and its invariants. */
const readme = (name: string, check = ' // → 1'): string =>
  `# ${name}\n\n\`\`\`ts\nimport { a } from '@lb/${name}'\n\na()${check}\n\`\`\`\n\n## Invariants\n`
const decision = (number: number): string =>
  `# ${number}. A title\n\n**Context.** a\n\n**Decision.** b\n\n**Consequences.** c\n\n**Alternatives.** d\n`

const good: Files = {
  'package.json': JSON.stringify({ devDependencies: { vitest: '1.0.0' } }),
  'packages/protocol/package.json': manifest('@lb/protocol'),
  'packages/protocol/README.md': readme('protocol'),
  'packages/protocol/LICENSE': 'MIT',
  'packages/protocol/src/index.ts': "export type { Ping } from './anthropic/stream.ts'\n",
  'packages/protocol/src/anthropic/stream.ts':
    "/**\n * A sign of life.\n * @see https://example.com/ping\n */\nexport interface Ping {\n  readonly type: 'ping'\n}\n",
  'packages/router/package.json': manifest('@lb/router', { '@lb/protocol': 'workspace:^' }),
  'packages/router/README.md': `${readme('router')}\nSee [the plan](src/plan.ts).\n`,
  'packages/router/LICENSE': 'MIT',
  'packages/router/src/index.ts': "export { plan } from './plan.ts'\n",
  'packages/router/src/plan.ts':
    "import type { Ping } from '@lb/protocol'\n\n/** Plans. */\nexport function plan(ping: Ping): number {\n  return Math.floor(ping.type.length)\n}\n",
  'packages/router/src/plan.test.ts':
    "import { test } from 'vitest'\nimport { plan } from './plan.ts'\n\ntest('plans', () => plan)\n",
  'apps/server/package.json': manifest('@lb/server', { '@lb/router': 'workspace:^' }),
  'apps/server/README.md': readme('server'),
  'apps/server/LICENSE': 'MIT',
  'apps/server/src/index.ts': '/** The port. */\nexport const port = 9090\n',
  'apps/mock-provider/package.json': manifest('@lb/mock-provider'),
  'apps/mock-provider/README.md': readme('mock-provider'),
  'apps/mock-provider/LICENSE': 'MIT',
  'apps/mock-provider/src/index.ts': '/** The port. */\nexport const port = 9091\n',
  'docs/decisions/0001-a-title.md': decision(1),
  'docs/dependencies.md':
    '| package | what for |\n|---|---|\n| `vitest` | Runs the tests; this one because it is here. |\n',
  'docs/house-style.md': Object.entries(principles)
    .map(([number, title]) => `## ${number}. ${title}\n`)
    .join('\n'),
}

/** The good repository with some files changed. `pure` stands for a source of a package, with its test. */
function withFiles(changes: Files): Repository {
  const files = Object.entries({ ...good, ...changes }).map(([path, text]) => ({ path, text }))
  const derived = derivedFiles(repositoryOf(files)).filter(({ path }) => !(path in changes))
  return repositoryOf([...files, ...derived], { machinePaths: ['/atelier/'] })
}

// In pieces, because this file keeps the laws too.
const HOME = '/home'
const USERS = '/Users'
const PURE = 'packages/router/src/plan.ts'
const pure = (...sources: string[]): Files[] => sources.map((text) => ({ [PURE]: `${text}\n` }))
const anywhere = (...texts: string[]): Files[] => texts.map((text) => ({ 'docs/page.md': `${text}\n` }))

const breaks: Readonly<Record<string, readonly Files[]>> = {
  'word: Date': pure(
    'const a = Date.now()',
    'const a = new Date(0)',
    'const { now } = Date',
    'const a = `${Date.now()}`',
  ),
  'word: Math.random': pure('const a = Math.random()', 'const { random } = Math', "const a = Math['random']()"),
  'word: performance': pure('const a = performance.now()'),
  'word: setTimeout': pure('setTimeout(f, 1)', 'const i = setInterval', 'queueMicrotask(f)'),
  'word: process.': pure('const a = process.env', "const a = process['env']"),
  'word: console.': pure("console.log('a')"),
  'word: fetch(': pure("await fetch('a')"),
  'word: globalThis': pure('const a = globalThis', "const a = globalThis['Da' + 'te']"),
  'word: eval(': pure("eval('1')", 'const run = eval'),
  'word: new Function': pure("const f = new Function('return 1')", "const f = Function('return 1')"),
  'word: .constructor': pure("const f = (() => 1).constructor('return 1')"),
  'word: declare': pure('declare const clock: { now(): number }', 'export declare function now(): number'),
  'word: any': pure(
    'const a = b as any',
    'let f = (a: any) => a',
    'type A = Record<string, any>',
    'type B = any | 1',
    'type C = any',
  ),
  'word: as unknown as': pure('const a = b as unknown as number', 'const a = b as unknown\n  as number'),
  'word: JSON.parse': pure("const a = JSON.parse('1')", 'const parse = JSON.parse'),
  'word: top-level let': pure('let count = 0', 'export let count = 0', 'var count = 0'),
  'word: export *': pure("export * from './a.ts'", "export * as a from './a.ts'"),
  'word: ForTest': pure('export const resetForTest = 1', 'export const resetForTests = 1'),
  'word: .only(': pure("test.only('a', f)", "describe.only.each([1])('a', f)"),
  'word: .skip(': pure("test.skip('a', f)", "test.todo('a')", "describe.skip('a', f)"),
  'word: @ts-ignore': pure('// @ts-ignore\nconst a = 1', '// @ts-nocheck'),
  'word: @ts-expect-error': pure('// @ts-expect-error\nconst a = 1'),
  'word: /// <reference': pure('/// <reference types="node" />'),
  'word: FIXME': [...pure('// FIXME: later'), ...anywhere('FIXME')],
  'word: TODO': [...pure('const a = 1 // TODO'), ...anywhere('- TODO: write')],
  'word: a home folder': anywhere(
    `in ${HOME}/ann/lb`,
    `see ${USERS}/ann/lb`,
    `C:${'\\Users\\'}ann`,
    `cp a /${'root'}/a`,
  ),
  'word: a registry host': anywhere(`from https://${'registry'}.example.org/lb`),
  'word: a machine path': [...anywhere('cd /atelier/lb'), ...pure("const a = '/atelier/lb'")],
  'source-lines': pure(lines(301)),
  'file-lines': [{ 'packages/router/src/plan.test.ts': lines(401) }],
  'index-lines': [{ 'packages/router/src/index.ts': lines(51) }],
  'floor-index-lines': [{ 'packages/protocol/src/index.ts': lines(101) }],
  'readme-lines': [{ 'apps/server/README.md': lines(61, 'a') }],
  'decision-lines': [{ 'docs/decisions/0001-a-title.md': decision(1) + lines(60, 'a') }],
  'function-lines': pure(
    `function f() {\n${lines(69)}}`,
    `const f = () => {\n${lines(69)}}`,
    `class A {\n  get a() {\n${lines(69)}}\n}`,
  ),
  'own-accessors': pure('const a = { get b() { return 1 } }', 'const f = () => ({ set b(c) {} })'),
  'workspace-files': [{ 'packages/health/package.json': manifest('@lb/health') }],
  'test-beside': [
    { 'packages/router/src/pick.ts': 'export function pick(): number {\n  return 1\n}\n' },
    { 'apps/server/src/pick.ts': 'export const pick = (): number => 1\n' },
    {
      // Reached, but from the folder above.
      'packages/router/src/deep/pick.ts': 'export const pick = (): number => 1\n',
      'packages/router/src/plan.ts':
        "import { pick } from './deep/pick.ts'\n\nexport const plan = (): number => pick()\n",
    },
  ],
  'file-names': [
    { 'packages/router/src/utils.ts': '' },
    { 'packages/router/src/string-helpers.ts': '' },
    { 'packages/router/src/common/plan.ts': '' },
    { 'apps/server/src/requestPlan.ts': '' },
  ],
  floors: [
    { 'packages/router/package.json': manifest('@lb/router', { '@lb/server': 'workspace:^' }) },
    { 'packages/health/package.json': manifest('@lb/health', { '@lb/router': 'workspace:^' }) },
    { 'packages/protocol/package.json': manifest('@lb/protocol', { '@lb/router': 'workspace:^' }) },
    { 'apps/mock-provider/package.json': manifest('@lb/mock-provider', { '@lb/server': 'workspace:^' }) },
    { 'apps/server/package.json': manifest('@lb/server', { '@lb/mock-provider': 'workspace:^' }) },
  ],
  imports: pure(
    "import { readFile } from 'node:fs'",
    "import { readFile } from 'fs'",
    "import { a } from '../../protocol/src/index.ts'",
    "import { a } from './pick'",
    "import { parse } from 'yaml'",
    "export { health } from '@lb/health'",
    "const yaml = await import('yaml')",
    "type A = import('undici').Agent",
    "import { world } from './testing/world.ts'",
  ),
  'doc-blocks': [
    ...pure('export function plan() {}', '// Plans.\nexport function plan() {}', 'export const other = 1'),
    { 'packages/router/src/index.ts': "export { gone } from './plan.ts'\n" },
  ],
  'wire-sources': [{ 'packages/protocol/src/openai/chat.ts': '/** A choice. */\nexport interface Choice {}\n' }],
  'derived-files': [{ 'docs/graph.md': 'old' }, { 'packages/router/api.txt': '' }, { 'docs/decisions/README.md': '' }],
  'decision-parts': [
    { 'docs/decisions/0002-b.md': decision(2).replace('**Alternatives.** d', '') },
    { 'docs/decisions/0001-b.md': decision(1) },
    { 'docs/decisions/0002-b.md': decision(3) },
  ],
  links: anywhere(
    '[a](gone.md)',
    '[a](../packages/router/gone.ts)',
    '[a](house-style.md#no-such-heading)',
    '[a](#nowhere)',
  ),
  invariants: [{ 'packages/router/README.md': '# router\n' }],
  'readme-examples': [
    { 'packages/router/README.md': readme('protocol') },
    { 'packages/router/README.md': '# router\n' },
    { 'apps/server/README.md': '# server\n' },
  ],
  'example-checks': [
    { 'packages/router/README.md': readme('router', '') },
    { 'packages/router/README.md': readme('router', ' // → SseEvent[]') },
    { 'docs/guides/a.md': readme('router', '') },
  ],
  'principle-headings': [
    { 'docs/house-style.md': `${good['docs/house-style.md']}\n## 16. One more\n` },
    { 'docs/house-style.md': '' },
  ],
  'exact-versions': [
    { 'package.json': JSON.stringify({ devDependencies: { vitest: '^1.0.0' } }) },
    { 'apps/server/package.json': manifest('@lb/server', { '@lb/router': '0.1.0' }) },
    { 'apps/server/package.json': manifest('@lb/server', { vitest: '1.0.1' }) },
    { 'apps/server/package.json': manifest('@lb/server', { '@types/node': '^20.0.0' }) },
    { 'package.json': JSON.stringify({ devDependencies: { vitest: '1.0.0', '@types/node': '>=20.0.0' } }) },
  ],
  'dependency-page': [
    { 'docs/dependencies.md': '' },
    { 'docs/dependencies.md': '| `vitest` | tests |\n' },
    {
      'docs/dependencies.md': `${good['docs/dependencies.md']}| \`yaml\` | Reads the configuration, with positions. |\n`,
    },
  ],
}

const innocent: Readonly<Record<string, readonly Files[]>> = {
  'word: Date': pure('// Date.now() would make this untestable.\nconst updated = 1', "const header = 'Date'"),
  'word: Math.random': pure('const a = Math.max(1, Math.floor(2))'),
  'word: fetch(': pure('const a = agent.fetch(1)', 'const prefetch = (a) => a'),
  'word: process.': pure('const process = (a) => a', 'const a = child.process.id'),
  'word: any': pure(
    "const a = 'as any'",
    '// as any\nconst company = 1',
    'const any = (a) => a',
    'const a = { any: 1 }',
  ),
  'word: JSON.parse': [
    { 'packages/router/src/json.ts': "const a = JSON.parse('1')\n" },
    ...pure('const a = JSON.stringify(1)'),
  ],
  'word: top-level let': pure('function f() {\n  let a = 1\n  return a\n}'),
  'word: TODO': pure("const tool = 'TODO'"),
  'word: .only(': pure("const text = 'test.only(1)'"),
  'word: a home folder': anywhere('`~/lb`', 'https://example.com/root/a', 'the /workspace/ folder'),
  'function-lines': [{ 'packages/router/src/plan.test.ts': `describe('a', () => {\n${lines(100)}})\n` }],
  'test-beside': [
    { 'packages/router/src/state.ts': 'export interface State {}\nexport const states = [1, 2]\n' },
    {
      'packages/router/src/pick.ts': 'export function pick(): number {\n  return 1\n}\n',
      'packages/router/src/pick.prop.test.ts': '',
    },
    {
      'packages/router/src/pick.ts': 'export function pick(): number {\n  return 1\n}\n',
      'packages/router/src/plan.test.ts': "import { pick } from './pick.ts'\nimport { plan } from './plan.ts'\n",
    },
    {
      // A part, tested through the door of its folder.
      'packages/router/src/pick.ts': 'export const pick = (): number => 1\n',
      'packages/router/src/plan.ts': "import { pick } from './pick.ts'\n\nexport const plan = (): number => pick()\n",
    },
  ],
  floors: [
    {
      'apps/cli/package.json': manifest('@lb/cli', { '@lb/server': 'workspace:^', '@lb/mock-provider': 'workspace:^' }),
      'apps/server/package.json': JSON.stringify({
        name: '@lb/server',
        devDependencies: { '@lb/mock-provider': 'workspace:^' },
      }),
      'sim/package.json': manifest('@lb/sim', { '@lb/server': 'workspace:^', '@lb/router': 'workspace:^' }),
    },
  ],
  imports: [
    { 'packages/router/src/plan.test.ts': "import { readFileSync } from 'node:fs'\nimport { test } from 'vitest'\n" },
    {
      // What a build bundles is no dependency of whoever installs it.
      'apps/cli/package.json': JSON.stringify({
        name: '@lb/cli',
        private: true,
        devDependencies: { '@lb/server': 'workspace:^' },
      }),
      'apps/cli/src/index.ts': "import { start } from '@lb/server'\n\nstart()\n",
    },
  ],
  'index-lines': [{ 'packages/protocol/src/index.ts': lines(100) }],
  'doc-blocks': [{ 'packages/router/src/index.ts': "export { plan as route } from './plan.ts'\n" }],
  links: anywhere(
    '[a](house-style.md#1-decide-in-packages-wait-in-apps)',
    '`[a](gone.md)`',
    '[a](https://example.com/a)',
    '[a](decisions/)',
  ),
}

test('every law has an example that breaks it', () => {
  expect(Object.keys(breaks).sort()).toEqual(laws.map(({ name }) => name).sort())
})

describe.each(laws.map((law) => [law.name, law] as const))('%s', (name, law) => {
  test('is kept by the good repository', () => {
    expect(law.check(withFiles({}))).toEqual([])
  })

  test.each(breaks[name] ?? [])('is broken by %j', (changes) => {
    expect(law.check(withFiles(changes))).not.toEqual([])
  })

  test.each(innocent[name] ?? [])('is kept by %j', (changes) => {
    expect(law.check(withFiles(changes))).toEqual([])
  })
})
