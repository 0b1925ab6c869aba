import { describe, expect, test } from 'vitest'
import { freshNode, type NodeHealth } from './node.ts'
import type { NodePath } from './target.ts'
import { emptyHealth, type HealthState, nodeAt, nodesOf, own, withNode } from './tree.ts'

const path = (provider: string, credential: string | null = null, model: string | null = null): NodePath => ({
  provider,
  credential,
  model,
})
const node = (lastFailureMs: number): NodeHealth => ({ ...freshNode, lastFailureMs })
const paths = [path('p'), path('p', null, 'm'), path('p', 'c'), path('p', 'c', 'm'), path('q', '', '')]
const full = paths.reduce<HealthState>((state, at, index) => withNode(state, at, node(index)), emptyHealth)

describe('the tree', () => {
  test('gives back what was put in, and nothing else', () => {
    for (const [index, at] of paths.entries()) expect(nodeAt(full, at)).toEqual(node(index))
    for (const other of [
      path('x'),
      path('p', 'x'),
      path('p', null, 'x'),
      path('p', 'c', 'x'),
      path('p', 'x', 'm'),
      path('q'),
    ])
      expect(nodeAt(full, other)).toBeUndefined()
  })

  test('lists every node with its path', () => {
    expect(nodesOf(full)).toHaveLength(paths.length)
    expect(new Set(nodesOf(full).map(({ path: at }) => JSON.stringify(at)))).toEqual(
      new Set(paths.map((at) => JSON.stringify(at))),
    )
    for (const { path: at, node: found } of nodesOf(full)) expect(nodeAt(full, at)).toBe(found)
  })

  test('is plain JSON: provider, then credential, then model', () => {
    expect(withNode(emptyHealth, path('p', 'c', 'm'), node(1))).toEqual({
      providers: { p: { node: null, models: {}, credentials: { c: { node: null, models: { m: node(1) } } } } },
    })
    expect(JSON.parse(JSON.stringify(full))).toEqual(full)
  })

  test('does not change what it was made from', () => {
    const before = JSON.stringify(full)
    withNode(full, path('p', 'c'), undefined)
    expect(JSON.stringify(full)).toBe(before)
  })

  test('forgets a node, and the records that only held it', () => {
    const emptied = paths.reduce<HealthState>((state, at) => withNode(state, at, undefined), full)
    expect(emptied).toEqual({ providers: {} })
    expect(withNode(full, path('p', 'c', 'm'), undefined).providers['p']?.credentials['c']).toEqual({
      node: node(2),
      models: {},
    })
    expect(withNode(emptyHealth, path('p', 'c', 'm'), undefined)).toEqual({ providers: {} })
  })

  test('keeps a provider for the sake of any part of it', () => {
    for (const at of paths.slice(0, 4)) {
      const alone = withNode(emptyHealth, at, node(1))
      expect(Object.keys(alone.providers)).toEqual(['p'])
      expect(withNode(alone, at, undefined)).toEqual(emptyHealth)
    }
  })

  test('takes names that mean something to JavaScript as names', () => {
    const at = path('__proto__', 'constructor', 'toString')
    expect(nodeAt(emptyHealth, at)).toBeUndefined()
    const state = withNode(emptyHealth, at, node(1))
    expect(nodeAt(state, at)).toEqual(node(1))
    expect(nodeAt(state, path('__proto__', 'constructor', 'hasOwnProperty'))).toBeUndefined()
    expect(own({ a: 1 }, 'toString')).toBeUndefined()
    expect(own({ a: 1 }, 'a')).toBe(1)
  })
})
