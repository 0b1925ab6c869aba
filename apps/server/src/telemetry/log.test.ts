import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { createIsoTime, type LogSettings, openLog } from './log.ts'

interface Opened {
  readonly folder: string
  readonly settings: LogSettings
  readonly console: NodeJS.WriteStream
  /** What came to the console. */
  printed(): string
}

function place(more: Partial<LogSettings> = {}, isTTY = false): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'lb-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const parts: string[] = []
  const stream = new PassThrough({ encoding: 'utf8' }).on('data', (text: string) => parts.push(text))
  const console = Object.assign(stream, { isTTY }) as object as NodeJS.WriteStream
  const filePath = join(folder, 'logs.jsonl')
  return {
    folder,
    settings: { level: 'info', filePath, maxBytes: 1e6, maxFiles: 3, color: false, ...more },
    console,
    printed: () => parts.join(''),
  }
}

function linesOf(path: string): Record<string, unknown>[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter(Boolean).map((line) => JSON.parse(line))
}

test('a line is one flat JSON object, on the console and in the file', async () => {
  const { settings, console, printed } = place()
  const { log, close } = await openLog({ ...settings, console })
  log.error({ event: 'some_event', status: 500 }, 'a message')
  await close()
  const [line] = linesOf(settings.filePath)
  expect(line).toEqual({
    level: 'ERROR',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    event: 'some_event',
    status: 500,
    message: 'a message',
  })
  await expect.poll(() => printed().endsWith('\n')).toBe(true)
  expect(JSON.parse(printed())).toEqual(line)
})

test('on a terminal it is written for people, and nobody’s text steers the terminal', async () => {
  const { settings, console, printed } = place({ filePath: '' }, true)
  const { log, close } = await openLog({ ...settings, console })
  const model = '\u001b[31m\u009b31m\u007f\u202e'
  log.warn({ event: 'some_event', model }, `a model named ${model}`)
  await close()
  await expect.poll(printed).toMatch(/^\[\d\d:\d\d:\d\d\] WARN: a model named \ufffd\[31m\ufffd/)
  expect(printed()).toContain('"model":"\\u001b[31m\ufffd31m\ufffd\ufffd"')
  expect(printed().replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
})

test('other settings are taken up while it runs, and no line is lost', async () => {
  const { folder, settings, console } = place()
  const opened = await openLog({ ...settings, console })
  opened.log.debug('too quiet')
  opened.log.info('first')
  const next = join(folder, 'next.jsonl')
  opened.adopt({ ...settings, level: 'debug', filePath: next })
  opened.log.debug('second')
  opened.adopt({ ...settings, level: 'debug', filePath: '' })
  opened.log.info('third')
  await opened.close()
  expect(linesOf(settings.filePath).map(({ message }) => message)).toEqual(['first'])
  expect(linesOf(next).map(({ message }) => message)).toEqual(['second'])
})

test('a file that cannot be opened is said on the console, and nothing is thrown', async () => {
  const { folder, settings, console, printed } = place()
  writeFileSync(join(folder, 'file'), '')
  const filePath = join(folder, 'file', 'logs.jsonl')
  const { log, close } = await openLog({ ...settings, filePath, console })
  log.info('hello')
  await expect.poll(printed).toContain('log_file_unwritable')
  log.info('goes on')
  await close()
  await expect.poll(printed).toContain('goes on')
  expect(printed().match(/log_file_unwritable/g)).toHaveLength(1)
})

test('the time of a line is that of its millisecond, also when the clock is set back', () => {
  let nowMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  const time = createIsoTime(() => nowMs)
  expect(time()).toBe(',"time":"2026-01-02T03:04:05.678Z"')
  expect(time()).toBe(',"time":"2026-01-02T03:04:05.678Z"')
  nowMs += 1
  expect(time()).toBe(',"time":"2026-01-02T03:04:05.679Z"')
  nowMs -= 3_600_000
  expect(time()).toBe(',"time":"2026-01-02T02:04:05.679Z"')
})
