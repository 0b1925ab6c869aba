import { describe, expect, test } from 'vitest'
import { editJsonObject, type JsonEdits } from './json-edit.ts'
import { scanJsonObject } from './json-scan.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (found: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(found)

function edit(json: string, edits: JsonEdits): string {
  const whole = bytes(json)
  const scanned = scanJsonObject(whole)
  if (!scanned.ok) throw new Error(scanned.error.message)
  return text(editJsonObject(whole, scanned.value, edits))
}

describe('an edit', () => {
  test('sets every member of that name and changes no other byte', () => {
    expect(edit('{"model": "a" , "x":1e400,"mod\\u0065l":"b"}', { set: { model: '"c"', absent: '1' } })).toBe(
      '{"model": "c" , "x":1e400,"mod\\u0065l":"c"}',
    )
  })

  test('removes a member with the comma that belongs to it', () => {
    const remove = ['p']
    expect(edit('{"p":1,"a":2}', { remove })).toBe('{"a":2}')
    expect(edit('{"a":2, "p":1 }', { remove })).toBe('{"a":2 }')
    expect(edit('{"a":1,"p":2,"b":3}', { remove })).toBe('{"a":1,"b":3}')
    expect(edit('{"a":1,"p":2,"p":3}', { remove })).toBe('{"a":1}')
    expect(edit('{ "p":2,"p":3 }', { remove })).toBe('{  }')
  })

  test('sets and removes at once', () => {
    expect(edit('{"p":0,"model":"a","p":1,"b":2,"p":3}', { set: { model: '"z"' }, remove: ['p'] })).toBe(
      '{"model":"z","b":2}',
    )
  })

  test('that changes nothing returns the same bytes', () => {
    const whole = bytes('{"a":1}')
    const scanned = scanJsonObject(whole)
    if (!scanned.ok) throw new Error('unreachable')
    expect(editJsonObject(whole, scanned.value, { set: { b: '1' }, remove: ['c'] })).toBe(whole)
  })
})
