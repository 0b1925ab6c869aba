import { expect, test } from 'vitest'
import { hello, startWorld } from '../testing/world.ts'
import { logRefusal } from './refusal-log.ts'

const key = 'k'.repeat(22)

test('whoever is turned away at the door leaves a line, and nothing of what was sent', async () => {
  const world = await startWorld({ scripts: [{}], settings: [`auth: { enabled: true, api_key: ${key} }`] })
  const ask = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(world.lb.url + path, { headers })
  const responses = [
    await world.post(hello, { headers: { 'x-api-key': 'canary' } }),
    await ask('/health', { origin: 'http://canary.example' }),
    await ask('/canary', { 'x-api-key': key }),
    await ask('/%zzcanary', { 'x-api-key': key }),
  ]
  const lines = world.lines.filter(({ event }) => event === 'request_refused')
  expect(lines.map(({ level, status, error_type, method }) => [level, status, error_type, method])).toEqual([
    [40, 401, 'authentication_error', 'POST'],
    [40, 403, 'permission_error', 'GET'],
    [20, 404, 'not_found_error', 'GET'],
    [40, 400, 'invalid_request_error', 'GET'],
  ])
  expect(lines.map((line) => line['request_id'])).toEqual(
    responses.map(({ headers }) => headers.get('x-lb-request-id')),
  )
  expect(lines[0]?.['message']).toBe('request refused at the door: 401 authentication_error')
  expect(JSON.stringify(world.lines)).not.toContain('canary')
})

test('while lb is short of time, its refusals are lines for debugging only', () => {
  const lines: unknown[] = []
  const log = { debug: (fields: object) => lines.push(fields) } as never
  const refusal = { status: 529, type: 'overloaded_error', message: 'lb is overloaded.' }
  logRefusal(log, { id: 'req_1', endpoint: 'messages', refusal })
  expect(lines).toEqual([
    {
      event: 'request_refused',
      request_id: 'req_1',
      endpoint: 'messages',
      status: 529,
      error_type: 'overloaded_error',
    },
  ])
})
