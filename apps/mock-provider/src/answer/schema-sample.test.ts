import type { Json } from '@lb/protocol'
import { expect, test } from 'vitest'
import { sampleOf } from './schema-sample.ts'

function sample(schema: Json, optional = false): Json {
  return sampleOf(schema, { valueFor: () => undefined, text: 'demo', optional })
}

test('required properties are filled in, others only on wish', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'integer' }, c: { type: 'boolean' } },
    required: ['a', 'b'],
  }
  expect(sample(schema)).toEqual({ a: 'demo', b: 1 })
  expect(sample(schema, true)).toEqual({ a: 'demo', b: 1, c: false })
})

test('what the schema says about a value is kept', () => {
  expect(sample({ enum: ['x', 'y'] })).toBe('x')
  expect(sample({ const: 4 })).toBe(4)
  expect(sample({ type: 'string', default: 'd' })).toBe('d')
  expect(sample({ type: 'string', examples: ['e'] })).toBe('e')
  expect(sample({ type: 'integer', minimum: 5, maximum: 9 })).toBe(5)
  expect(sample({ type: 'integer', maximum: -2 })).toBe(-2)
  expect(sample({ type: 'number', exclusiveMinimum: 10 })).toBe(10.5)
  expect(sample({ type: 'integer', exclusiveMaximum: 0 })).toBe(-1)
  expect(sample({ type: 'integer', minimum: 4, multipleOf: 3 })).toBe(6)
  expect(sample({ type: 'string', minLength: 6 })).toBe('demo..')
  expect(sample({ type: 'string', maxLength: 2 })).toBe('de')
  expect(sample({ type: 'string', format: 'date' })).toBe('2026-01-15')
  expect(sample({ type: ['null', 'string'] })).toBe('demo')
  expect(sample({ type: 'null' })).toBe(null)
  expect(sample({ type: 'array', items: { type: 'integer' }, minItems: 2 })).toEqual([1, 1])
  expect(sample({ type: 'array', items: { type: 'integer' } })).toEqual([])
})

test('alternatives, parts and references are followed', () => {
  const $defs = { point: { type: 'object', properties: { x: { type: 'number' } }, required: ['x'] } }
  expect(sample({ $defs, $ref: '#/$defs/point' })).toEqual({ x: 1 })
  expect(sample({ anyOf: [{ type: 'integer' }, { type: 'null' }] })).toBe(1)
  expect(sample({ oneOf: [{ const: 'a' }] })).toBe('a')
  expect(sample({ $defs, allOf: [{ $ref: '#/$defs/point' }, { properties: { y: {} }, required: ['y'] }] })).toEqual({
    x: 1,
    y: 'demo',
  })
})

test('a schema that refers to itself ends', () => {
  const node = { type: 'object', properties: { next: { $ref: '#/$defs/node' } }, required: ['next'] }
  expect(JSON.stringify(sample({ $defs: { node }, $ref: '#/$defs/node' }))).toMatch(/^\{"next":.*null\}+$/)
  expect(sample({ $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' })).toBe('demo')
})

test('a wish is granted where its type and its values fit', () => {
  const wishes = { valueFor: (name: string): Json => (name === 'n' ? 'three' : 'B'), text: 'demo', optional: false }
  const schema = {
    type: 'object',
    properties: { n: { type: 'integer' }, u: { enum: ['A', 'B'] } },
    required: ['n', 'u'],
  }
  expect(sampleOf(schema, wishes)).toEqual({ n: 1, u: 'B' })
})
