import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '@lb/config'
import { DCLinter } from 'dclint'
import { validate } from 'dockerfile-utils'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { temporaryFolder } from './testing/folders.ts'

// What stands in deploy/ for docker and systemd, as far as it can be judged without an engine that runs containers.

const root = fileURLToPath(new URL('../../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const dockerfile = read('deploy/docker/Dockerfile')
const compose = parse(read('deploy/docker/compose.yaml'))
const graceSeconds = 45

test('the image is built in stages, runs as nobody in particular, and tells whether it lives', () => {
  const stages = [...dockerfile.matchAll(/^FROM (\S+)( AS \w+)?$/gm)].map(([, image]) => image)
  expect(stages).toHaveLength(2)
  expect(stages.every((image) => /:\d/.test(image ?? ''))).toBe(true)
  const [, last = ''] = dockerfile.split(/^FROM .*\n(?!.*AS)/m).slice(-2)
  expect(last).toMatch(/^USER \d+:\d+$/m)
  expect(last).toMatch(/^HEALTHCHECK /m)
  expect(last).toContain('/health/live')
  expect(last).toMatch(/^ENTRYPOINT \["node"/m)
  expect(last).toMatch(/^RUN test .* -lt 150$/m)
})

test('the image is built with the pnpm of this repository, and what it copies is there', () => {
  const { packageManager } = JSON.parse(read('package.json'))
  const used = new Set(dockerfile.match(/pnpm@[\d.]+/g))
  expect([...used]).toEqual([packageManager])
  expect(JSON.parse(read('apps/cli/package.json')).scripts.bundle).toBeDefined()
})

test('every instruction of the Dockerfile, and every flag, is one that docker knows', () => {
  expect(validate(dockerfile)).toEqual([])
  const wrong = dockerfile.replace('HEALTHCHECK --interval', 'HEALTHCHECK --intervall').replace('\nUSER', '\nUSERS')
  expect(validate(wrong).map(({ message }) => message)).toEqual([
    'Unknown instruction: USERS',
    'Unknown flag: intervall',
  ])
})

test('compose says nothing but what the Compose specification knows', () => {
  // The order of keys, and quotes where YAML needs none, are everybody's own.
  const taste = ['service-keys-order', 'services-alphabetical-order', 'top-level-properties-order']
  const rules = Object.fromEntries([...taste, 'require-quotes-in-ports'].map((rule) => [rule, 0] as const))
  const complaints = (text: string): string[] => {
    const file = join(temporaryFolder(), 'compose.yaml')
    writeFileSync(file, text)
    const linter = new DCLinter({ rules, quiet: false, debug: false, exclude: [] })
    return linter.lintFiles([file], false).flatMap(({ messages }) => messages.map(({ message }) => message))
  }
  const text = read('deploy/docker/compose.yaml')
  expect(complaints(text)).toEqual([])
  expect(complaints(text.replace('    restart:', '    restrat:'))).toHaveLength(1)
})

test('compose mounts only what is there, and publishes on loopback only', () => {
  const services: { ports?: string[]; volumes?: string[] }[] = Object.values(compose.services)
  for (const { ports = [], volumes = [] } of services) {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
    for (const volume of volumes) {
      const [source = ''] = volume.split(':')
      if (!source.startsWith('.')) expect(Object.keys(compose.volumes)).toContain(source)
      else expect(readdirSync(join(root, 'deploy/docker', source, '..'))).toContain(source.split('/').at(-1))
    }
  }
})

test('the configuration in compose is one that lb takes, and drains in the time that docker gives', () => {
  const env = { LB_ADMIN_KEY: 'a'.repeat(64), LB_CLIENT_KEY: 'b'.repeat(64), ANTHROPIC_API_KEY: 'k' }
  expect(Object.keys(compose.services.lb.environment)).toEqual(expect.arrayContaining(Object.keys(env)))
  const loaded = loadConfig(read('deploy/docker/config.yaml'), env)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error))
  expect(loaded.value.config.settings.shutdownGraceMs).toBe(graceSeconds * 1000)
  expect(Number.parseInt(compose.services.lb.stop_grace_period, 10)).toBeGreaterThan(graceSeconds)
})

test('systemd accepts the unit', () => {
  const unit = read('deploy/systemd/lb.service')
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(graceSeconds)
  const file = join(temporaryFolder(), 'lb.service')
  // The command itself is not installed here.
  writeFileSync(file, unit.replace('/usr/local/bin/lb', process.execPath))
  const { error, status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
  expect(error, 'systemd-analyze is missing: apt-get install systemd').toBeUndefined()
  expect(`${stdout}${stderr}`).toBe('')
  expect(status).toBe(0)
})
