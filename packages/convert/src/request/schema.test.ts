import { type JsonObject, RawJson } from '@lb/protocol'
import { describe, expect, test } from 'vitest'
import { fixSchema, isStrictCompliant, mapSchema, parsedSchema } from './schema.ts'

const closed: JsonObject = {
  type: 'object',
  properties: { a: { type: 'string' } },
  required: ['a'],
  additionalProperties: false,
}
/** A closed object whose one property has this schema. */
const holding = (schema: object) =>
  JSON.parse(JSON.stringify({ ...closed, properties: { a: schema } })) as Parameters<typeof isStrictCompliant>[0]

describe('a schema may be strict', () => {
  test('when every object is closed and requires all it has', () => {
    expect(isStrictCompliant(closed)).toBe(true)
    expect(isStrictCompliant(holding(closed))).toBe(true)
    expect(isStrictCompliant({ type: 'object', properties: {}, additionalProperties: false })).toBe(true)
    expect(isStrictCompliant({ type: 'object', additionalProperties: false })).toBe(true)
    expect(isStrictCompliant({ ...closed, required: ['a', 'b'] })).toBe(true)
  })

  test('not when a property is optional, or others are allowed', () => {
    expect(isStrictCompliant({ ...closed, required: [] })).toBe(false)
    expect(
      isStrictCompliant({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false }),
    ).toBe(false)
    expect(isStrictCompliant({ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] })).toBe(false)
    expect(isStrictCompliant({ ...closed, additionalProperties: true })).toBe(false)
  })

  test('not when its root is no object', () => {
    expect(isStrictCompliant({ type: 'string' })).toBe(false)
    expect(isStrictCompliant({ anyOf: [closed] })).toBe(false)
    expect(isStrictCompliant(true)).toBe(false)
    expect(isStrictCompliant([])).toBe(false)
  })

  test('objects are recognised by type, by one of several types, and by their properties', () => {
    expect(isStrictCompliant(holding({ type: ['object', 'null'] }))).toBe(false)
    expect(isStrictCompliant(holding({ type: ['object', 'null'], additionalProperties: false }))).toBe(true)
    expect(isStrictCompliant(holding({ properties: {} }))).toBe(false)
    expect(isStrictCompliant(holding({ type: ['string', 'null'] }))).toBe(true)
  })

  test.each([
    'minLength',
    'maxLength',
    'patternProperties',
    'unevaluatedProperties',
    'unevaluatedItems',
    'propertyNames',
    'minProperties',
    'maxProperties',
    'contains',
    'minContains',
    'maxContains',
    'uniqueItems',
    'oneOf',
    'allOf',
    'not',
    'if',
    'then',
    'else',
    'dependentRequired',
    'dependentSchemas',
    'default',
  ])('not with the keyword %s', (keyword) => {
    expect(isStrictCompliant(holding({ type: 'string', [keyword]: {} }))).toBe(false)
  })

  test('but with properties that are named like keywords', () => {
    const names = ['default', 'type', 'properties', 'format', 'not', '__proto__', 'constructor', '$ref']
    const schema = JSON.parse(
      `{"type":"object","properties":{${names.map((name) => `"${name}":{"type":"string"}`).join()}},"required":${JSON.stringify(names)},"additionalProperties":false}`,
    )
    expect(isStrictCompliant(schema)).toBe(true)
  })

  test('only with the formats that are known', () => {
    for (const format of ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid']) {
      expect(isStrictCompliant(holding({ type: 'string', format }))).toBe(true)
    }
    expect(isStrictCompliant(holding({ type: 'string', format: 'uri' }))).toBe(false)
  })

  test('not with patterns that look around', () => {
    expect(isStrictCompliant(holding({ type: 'string', pattern: '^a(b|c)$' }))).toBe(true)
    for (const pattern of ['a(?=b)', 'a(?!b)', '(?<=a)b', '(?<!a)b']) {
      expect(isStrictCompliant(holding({ type: 'string', pattern }))).toBe(false)
    }
    expect(isStrictCompliant(holding({ type: 'string', pattern: '(?<name>a)' }))).toBe(true)
  })

  test('not with a reference that has company', () => {
    expect(isStrictCompliant(holding({ $ref: '#/$defs/a' }))).toBe(true)
    expect(isStrictCompliant(holding({ $ref: '#/$defs/a', description: 'x' }))).toBe(false)
  })

  test('only with arrays that say what they hold', () => {
    expect(isStrictCompliant(holding({ type: 'array', items: { type: 'string' } }))).toBe(true)
    expect(isStrictCompliant(holding({ type: 'array' }))).toBe(false)
    expect(isStrictCompliant(holding({ type: 'array', items: { type: 'object' } }))).toBe(false)
  })

  test('looks into alternatives and definitions', () => {
    expect(isStrictCompliant(holding({ anyOf: [{ type: 'string' }, closed] }))).toBe(true)
    expect(isStrictCompliant(holding({ anyOf: [{ type: 'string' }, { type: 'object' }] }))).toBe(false)
    expect(isStrictCompliant(holding({ anyOf: [true] }))).toBe(false)
    expect(isStrictCompliant({ ...closed, $defs: { b: { type: 'object' } } })).toBe(false)
    expect(isStrictCompliant({ ...closed, definitions: { b: closed } })).toBe(true)
    expect(isStrictCompliant({ ...closed, $defs: 'x' })).toBe(true)
  })
})

describe('fixes', () => {
  test('drop what only says where a schema is from', () => {
    const schema = {
      $schema: 'x',
      $id: 'y',
      $comment: 'z',
      type: 'object',
      properties: { $id: { $comment: 'w', type: 'string' } },
    }
    expect(fixSchema(schema, ['drop-meta'])).toEqual({ type: 'object', properties: { $id: { type: 'string' } } })
  })

  test('write a constant as a choice of one', () => {
    const schema = { anyOf: [{ const: 1, title: 'a' }, { const: null }, { type: 'string' }] }
    expect(fixSchema(schema, ['const-to-enum'])).toEqual({
      anyOf: [{ title: 'a', enum: [1] }, { enum: [null] }, { type: 'string' }],
    })
  })

  test('write a type that may be null as alternatives', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: ['string', 'null'], minLength: 1 }, b: { type: ['string', 'number'] } },
    }
    expect(fixSchema(schema, ['nullable-to-any-of'])).toEqual({
      type: 'object',
      properties: {
        a: { anyOf: [{ minLength: 1, type: 'string' }, { type: 'null' }] },
        b: { type: ['string', 'number'] },
      },
    })
  })

  test('touch schema positions only, whatever properties are called (case 39)', () => {
    const text =
      '{"properties":{"const":{"type":"string"},"$schema":{"const":1},"__proto__":{"const":2}},"required":["const"],"examples":[{"const":3}],"enum":[{"const":4}],"default":{"$id":5}}'
    expect(JSON.stringify(fixSchema(JSON.parse(text), ['drop-meta', 'const-to-enum']))).toBe(
      '{"properties":{"const":{"type":"string"},"$schema":{"enum":[1]},"__proto__":{"enum":[2]}},"required":["const"],"examples":[{"const":3}],"enum":[{"const":4}],"default":{"$id":5}}',
    )
  })

  test('change nothing when they are repeated', () => {
    const schema = { $id: 'x', anyOf: [{ const: 1 }], properties: { a: { type: ['string', 'null'] } } }
    const fixes = ['drop-meta', 'const-to-enum', 'nullable-to-any-of'] as const
    const once = fixSchema(schema, fixes)
    expect(fixSchema(once, fixes)).toBe(once)
  })

  test('give back the very schema that they have nothing to do with, text and all', () => {
    const raw = new RawJson('{"type":"object","maximum":1.0}')
    expect(fixSchema(raw, ['drop-meta'])).toBe(raw)
    expect(fixSchema(raw, [])).toBe(raw)
    expect(parsedSchema(raw)).toEqual({ type: 'object', maximum: 1 })
  })

  test('reach recursive schemas through their definitions, and follow no reference', () => {
    const schema = {
      $ref: '#/$defs/tree',
      $defs: { tree: { properties: { children: { items: { $ref: '#/$defs/tree' } }, kind: { const: 'x' } } } },
    }
    expect(fixSchema(schema, ['const-to-enum'])).toEqual({
      $ref: '#/$defs/tree',
      $defs: { tree: { properties: { children: { items: { $ref: '#/$defs/tree' } }, kind: { enum: ['x'] } } } },
    })
  })

  test('leave what is no schema where one should be', () => {
    expect(mapSchema(true, (schema) => ({ ...schema, x: 1 }))).toBe(true)
    expect(fixSchema({ properties: 'x', items: [{ const: 1 }, true] }, ['const-to-enum'])).toEqual({
      properties: 'x',
      items: [{ enum: [1] }, true],
    })
  })
})
