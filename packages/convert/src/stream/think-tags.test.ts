import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createThinkTags, type TaggedText } from './think-tags.ts'

const read = (...pieces: readonly string[]) => {
  const tags = createThinkTags()
  const out: TaggedText[] = []
  for (const piece of [...pieces.flatMap((one) => tags.push(one)), ...tags.flush()]) {
    const last = out.at(-1)
    if (last?.kind === piece.kind) out[out.length - 1] = { ...last, text: last.text + piece.text }
    else if (piece.text !== '') out.push(piece)
  }
  return out.map(({ kind, text }) => `${kind}: ${text}`)
}

describe('reasoning between tags', () => {
  test.each([
    ['at the start', '<think>hm</think>\n\nHello', ['thinking: hm', 'text: Hello']],
    ['behind white space', ' \n<think>hm</think>Hello', ['thinking: hm', 'text: Hello']],
    ['that are not there, behind white space', ' \n<th>x', ['text:  \n<th>x']],
    ['with the look of tags inside', '<think>a </thin <think> b</think>c', ['thinking: a </thin <think> b', 'text: c']],
    ['that never ends', '<think>hm', ['thinking: hm']],
    ['that never ends, cut in its tag', '<think>hm</th', ['thinking: hm</th']],
    ['and nothing else', '<think>hm</think>\n', ['thinking: hm']],
    ['that is empty', '<think></think>x', ['text: x']],
    ['later in the text is text', 'a <think>b</think>', ['text: a <think>b</think>']],
    ['only begun is text', '<thi', ['text: <thi']],
    ['that are not these tags', '<thin>x', ['text: <thin>x']],
    ['white space alone', '  ', ['text:   ']],
    ['line breaks in the text stay', '<think>h</think>\r\na\n\nb', ['thinking: h', 'text: a\n\nb']],
  ])('%s', (_what, text, expected) => {
    expect(read(text)).toEqual(expected)
    expect(read(...text)).toEqual(expected)
  })

  test('any cutting gives the same', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('<think>', '</think>', 'x', '\n', '<', 'th'), { maxLength: 8 }),
        fc.nat(30),
        (parts, at) => {
          const text = parts.join('')
          expect(read(text.slice(0, at), text.slice(at))).toEqual(read(text))
        },
      ),
    )
  })
})
