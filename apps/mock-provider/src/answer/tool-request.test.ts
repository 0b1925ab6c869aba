import { expect, test } from 'vitest'
import { requestedCall } from './tool-request.ts'
import type { AskedTurn, DeclaredTool } from './turn.ts'

function tool(name: string, properties: object, required: readonly string[]): DeclaredTool {
  return { name, schema: JSON.parse(JSON.stringify({ type: 'object', properties, required })) }
}

const TEXT = { type: 'string' }
const BASH = tool('Bash', { command: TEXT, description: TEXT, timeout: { type: 'number' } }, ['command'])
const READ = tool('Read', { file_path: TEXT, offset: { type: 'integer' } }, ['file_path'])
const WRITE = tool('Write', { file_path: TEXT, content: TEXT }, ['file_path', 'content'])
const WEATHER = tool('get_weather', { location: TEXT, unit: { enum: ['C', 'F'] } }, ['location', 'unit'])

function asked(userText: string, tools: readonly DeclaredTool[], more: Partial<AskedTurn> = {}): AskedTurn {
  return { userText, tools, toolResults: [], toolChoice: 'auto', answerSchema: undefined, thinking: false, ...more }
}

test('"run `…`" asks for a shell, whatever the shell is called', () => {
  expect(requestedCall(asked('please run `ls -la`', [READ, BASH]))).toEqual({
    name: 'Bash',
    input: { command: 'ls -la', description: 'Run the command that was asked for' },
  })
  const shell = tool('shell', { command: { type: 'array', items: TEXT } }, ['command'])
  expect(requestedCall(asked('run the command `date`', [shell]))?.input).toEqual({ command: ['bash', '-lc', 'date'] })
  const exec = tool('exec_command', { cmd: TEXT }, ['cmd'])
  expect(requestedCall(asked('Run: `date`', [exec]))).toBeUndefined()
  expect(requestedCall(asked('run `date`', [exec]))?.input).toEqual({ cmd: 'date' })
})

test('"read file …" and "write file … with …" name their file', () => {
  expect(requestedCall(asked('Read the file /etc/hostname, please.', [READ]))?.input).toEqual({
    file_path: '/etc/hostname',
  })
  expect(requestedCall(asked('read file notes.txt.', [READ]))?.input).toEqual({ file_path: 'notes.txt' })
  expect(requestedCall(asked('write a file `a b.txt` saying hi', [WRITE]))?.input).toEqual({
    file_path: 'a b.txt',
    content: 'hi',
  })
  expect(requestedCall(asked('write file out.txt with "hello"', [WRITE]))?.input).toEqual({
    file_path: 'out.txt',
    content: 'hello',
  })
  expect(requestedCall(asked('write file out.txt', [WRITE]))?.input).toMatchObject({ file_path: 'out.txt' })
})

test('the name of a tool asks for it, as a word of its own', () => {
  expect(requestedCall(asked('What is the weather in Paris? Use get_weather.', [BASH, WEATHER]))).toEqual({
    name: 'get_weather',
    input: { location: 'Paris', unit: 'C' },
  })
  expect(requestedCall(asked('GET_WEATHER for “São Paulo”, unit=F', [WEATHER]))?.input).toEqual({
    location: 'São Paulo',
    unit: 'F',
  })
  expect(requestedCall(asked('forget_weathering', [WEATHER]))).toBeUndefined()
})

test('plain words that happen to be tools ask for nothing', () => {
  expect(requestedCall(asked('please read this and write to me', [READ, WRITE]))).toBeUndefined()
  expect(requestedCall(asked('Use the Read tool', [READ]))?.name).toBe('Read')
})

test('a forced choice always gives a call, a forbidden one never', () => {
  expect(requestedCall(asked('hello', [BASH, READ], { toolChoice: 'required' }))?.name).toBe('Bash')
  expect(requestedCall(asked('hello', [BASH, READ], { toolChoice: { name: 'Read' } }))?.name).toBe('Read')
  expect(requestedCall(asked('hello', [BASH], { toolChoice: { name: 'Missing' } }))).toBeUndefined()
  expect(requestedCall(asked('run `ls`', [BASH], { toolChoice: 'none' }))).toBeUndefined()
  expect(requestedCall(asked('run `ls`', []))).toBeUndefined()
})

test('values that a text gives by name are used where their type fits', () => {
  const plan = tool('make_plan', { days: { type: 'integer' }, city: TEXT, cheap: { type: 'boolean' } }, [
    'days',
    'city',
  ])
  expect(requestedCall(asked('make_plan days=3 city: Oslo cheap=true', [plan]))?.input).toEqual({
    days: 3,
    city: 'Oslo',
    cheap: true,
  })
  expect(requestedCall(asked('make_plan days=soon', [plan]))?.input).toEqual({ days: 1, city: 'demo' })
})
