import { writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from './testing/folders.ts'
import { configFor, startLb } from './testing/lb-process.ts'
import { openStream } from './testing/stream-client.ts'

/** Node arguments with which a process prints the address of every module that it loads. */
function announcingModules(): string[] {
  const folder = temporaryFolder()
  const hooks = `
    import { writeSync } from 'node:fs'
    export async function load(url, context, next) {
      writeSync(1, 'loaded ' + url + '\\n')
      return next(url, context)
    }`
  writeFileSync(join(folder, 'hooks.mjs'), hooks)
  writeFileSync(
    join(folder, 'register.mjs'),
    "import { register } from 'node:module'; register('./hooks.mjs', import.meta.url)",
  )
  return ['--import', join(folder, 'register.mjs')]
}

/** The modules that lb loads to serve one streamed request. */
async function modulesLoaded(env: Readonly<Record<string, string>>): Promise<string[]> {
  const mock = await startMockProvider({ script: {} })
  const agent = new Agent()
  onTestFinished(async () => {
    agent.destroy()
    await mock.close()
  })
  const lb = await startLb({ config: configFor([mock.url]), env, nodeArgs: announcingModules() })
  expect((await openStream(lb.url, agent).done).isWhole).toBe(true)
  lb.signal('SIGTERM')
  expect(await lb.ended).toBe(0)
  return [...lb.output().matchAll(/^loaded (.*)$/gm)].map((match) => match[1] ?? '')
}

const isTracing = (url: string): boolean => /\/otel[-.]|opentelemetry/.test(url)

test('without OTEL_* variables nothing of OpenTelemetry is loaded, and with them it is', async () => {
  const without = await modulesLoaded({})
  expect(without.length).toBeGreaterThan(0)
  expect(without.filter(isTracing)).toEqual([])
  const traced = await modulesLoaded({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })
  expect(traced.filter(isTracing)).not.toEqual([])
}, 60_000)

test('without a scrape nothing of prom-client is loaded', async () => {
  expect((await modulesLoaded({})).filter((url) => url.includes('prom-client'))).toEqual([])
}, 60_000)
