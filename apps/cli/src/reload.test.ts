import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startMockProvider } from '@lb/mock-provider'
import { expect, onTestFinished, test } from 'vitest'
import { configFor, type LbProcess, startLb } from './testing/lb-process.ts'

const soon = { timeout: 15_000, interval: 50 }

async function start(
  settings: readonly string[],
): Promise<{ lb: LbProcess; write(settings: readonly string[]): void }> {
  const mock = await startMockProvider({ script: {} })
  onTestFinished(() => mock.close())
  const text = (lines: readonly string[]): string => configFor([mock.url], ['usage: { enabled: false }', ...lines])
  const lb = await startLb({ config: text(settings) })
  const write = (lines: readonly string[]): void => {
    writeFileSync(`${lb.configFile}.new`, text(lines))
    renameSync(`${lb.configFile}.new`, lb.configFile)
  }
  return { lb, write }
}

async function ask({ url }: LbProcess): Promise<number> {
  const body = { model: 'm', max_tokens: 10, messages: [{ role: 'user', content: 'hello' }] }
  const answer = await fetch(`${url}/v1/messages`, { method: 'POST', body: JSON.stringify(body) })
  await answer.text()
  return answer.status
}

test('SIGHUP: the log’s level, file and size count from then on', async () => {
  const { lb, write } = await start(['reload: false', 'log_level: WARNING'])
  expect(await ask(lb)).toBe(200)
  expect(lb.output()).not.toContain('request completed')
  const file = join(dirname(lb.configFile), 'other', 'lb.jsonl')
  const lines = (): string => {
    try {
      return readFileSync(file, 'utf8')
    } catch {
      return ''
    }
  }
  write(['reload: false', 'log_level: INFO'].concat('log_max_files: 2'))
  writeFileSync(
    lb.configFile,
    readFileSync(lb.configFile, 'utf8').replace('log_file_path: ""', 'log_file_path: other/lb.jsonl'),
  )
  lb.signal('SIGHUP')
  await expect
    .poll(async () => {
      await ask(lb)
      return lines().includes('request_completed')
    }, soon)
    .toBe(true)
  // The file is read at once, the console through a pipe.
  await expect.poll(() => lb.output(), soon).toContain('request completed')
  write(['reload: false', 'log_level: ERROR'])
  lb.signal('SIGHUP')
  await expect
    .poll(async () => {
      const before = lb.output().length
      await ask(lb)
      return lb.output().length - before
    }, soon)
    .toBe(0)
})

test('a file that is saved is taken up without a word, a broken one is told with its line, and lb serves on', async () => {
  const { lb, write } = await start(['app_name: before'])
  const name = async (): Promise<unknown> => ((await (await fetch(lb.url)).json()) as { service: unknown }).service
  expect(await name()).toBe('before')
  write(['app_name: after'])
  await expect.poll(name, soon).toBe('after')
  writeFileSync(lb.configFile, 'providers: [')
  lb.signal('SIGHUP')
  await expect.poll(() => lb.output(), soon).toMatch(/config\.yaml:1:\d+/)
  expect(await ask(lb)).toBe(200)
  expect(await name()).toBe('after')
})

test('a signal is answered in the log, also where nothing has changed', async () => {
  const { lb } = await start([])
  lb.signal('SIGHUP')
  await expect.poll(() => lb.output(), soon).toContain('says what is in force already')
})

test('host and port wait for a restart, and lb says so', async () => {
  const { lb, write } = await start(['reload: false'])
  write(['reload: false', 'host: 127.0.0.2', 'port: 1', 'app_name: taken up'])
  lb.signal('SIGHUP')
  await expect.poll(() => lb.output(), soon).toContain('count after a restart only')
  expect(await ((await fetch(lb.url)).json() as Promise<object>)).toMatchObject({ service: 'taken up' })
})
