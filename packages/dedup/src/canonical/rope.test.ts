import { expect, test } from 'vitest'
import { Rope } from './rope.ts'

const text = new TextEncoder().encode('abcdefghij'.repeat(20))

function written(rope: Rope): string {
  const target = new Uint8Array(text.length)
  const end = rope.write(text, target, 3)
  return new TextDecoder().decode(target.subarray(3, end))
}

test('pieces come out in the order in which they were added', () => {
  const rope = new Rope()
  rope.add(4, 6)
  rope.add(0, 2)
  expect(written(rope)).toBe('efab')
  expect(rope.lastEnd()).toBe(2)
})

test('an empty rope writes nothing', () => {
  const rope = new Rope()
  expect([written(rope), rope.lastEnd()]).toEqual(['', 0])
})

test('short and long pieces are written alike', () => {
  const rope = new Rope()
  rope.add(10, 58)
  rope.add(0, 49)
  rope.add(100, 200)
  const expected = [text.subarray(10, 58), text.subarray(0, 49), text.subarray(100, 200)]
  expect(written(rope)).toBe(expected.map((piece) => new TextDecoder().decode(piece)).join(''))
})

test('a strand is spliced in where the rope stands, and grows on from its own end', () => {
  const rope = new Rope()
  rope.add(0, 1)
  const { head, tail } = rope
  rope.open()
  rope.add(5, 6)
  rope.add(8, 9)
  const strand = { head: rope.head, tail: rope.tail }
  rope.open(head, tail)
  rope.splice(strand.head, strand.tail)
  rope.add(2, 3)
  expect(written(rope)).toBe('afic')
})

test('neighbours become one piece: added, or spliced with one piece or several', () => {
  const rope = new Rope()
  rope.add(0, 1)
  rope.add(1, 2)
  expect(rope.head).toBe(rope.tail)
  rope.open()
  rope.add(2, 3)
  const one = rope.tail
  rope.open()
  rope.add(3, 4)
  rope.add(9, 10)
  const two = { head: rope.head, tail: rope.tail }
  rope.open(0, 0)
  rope.splice(one, one)
  expect(rope.head).toBe(rope.tail)
  rope.splice(two.head, two.tail)
  rope.add(7, 8)
  expect(written(rope)).toBe('abcdjh')
})

test('more pieces than the columns had rows, and forgotten again', () => {
  const rope = new Rope()
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 20_000; index += 1) rope.add((index % 10) * 2, (index % 10) * 2 + 1)
    const target = new Uint8Array(20_000)
    expect(rope.write(text, target, 0)).toBe(20_000)
    expect(new TextDecoder().decode(target)).toBe('acegiacegi'.repeat(2000))
    rope.clear()
    expect(rope.write(text, target, 0)).toBe(0)
  }
})
