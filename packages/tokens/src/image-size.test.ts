import { describe, expect, test } from 'vitest'
import { imageSize } from './image-size.ts'

const base64 = (...parts: (string | number[])[]): string =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  ).toString('base64')

const png = (width: number[], height: number[]): string =>
  base64('\x89PNG\r\n\x1a\n', [0, 0, 0, 13], 'IHDR', width, height, [8, 6, 0, 0, 0])

describe('the size of', () => {
  test('a PNG', () => {
    expect(imageSize(png([0, 0, 2, 88], [0, 1, 0, 1]))).toEqual({ width: 600, height: 65_537 })
  })

  test('a GIF', () => {
    expect(imageSize(base64('GIF89a', [0x90, 0x01], [0x2d, 0x01], [0, 0, 0]))).toEqual({ width: 400, height: 301 })
  })

  test('a JPEG, behind other segments, fill bytes and tables that look like frames', () => {
    const segment = (marker: number, length: number): number[] => [
      0xff,
      marker,
      length >> 8,
      length & 0xff,
      ...Array(length - 2).fill(0xc0),
    ]
    const frame = [0xff, 0xc2, 0, 17, 8, 0x01, 0x2d, 0x02, 0x58, 3]
    const jpeg = base64(
      [0xff, 0xd8],
      segment(0xe0, 16),
      segment(0xe1, 5000),
      segment(0xc4, 20),
      [0xff],
      segment(0xdb, 67),
      frame,
    )
    expect(imageSize(jpeg)).toEqual({ width: 600, height: 301 })
    expect(imageSize(base64([0xff, 0xd8], segment(0xc8, 9), segment(0xcc, 9), frame))).toEqual({
      width: 600,
      height: 301,
    })
    expect(imageSize(base64([0xff, 0xd8], [0xff, 0xcf, ...frame.slice(2)]))).toEqual({ width: 600, height: 301 })
    expect(imageSize(base64([0xff, 0xd8], [0xff, 0xc0, ...frame.slice(2)]))).toEqual({ width: 600, height: 301 })
  })

  test('a WebP of each of the three kinds', () => {
    const riff = (kind: string, body: number[]): string =>
      base64('RIFF', [0, 0, 0, 0], 'WEBP', kind, [0, 0, 0, 0], body)
    expect(imageSize(riff('VP8X', [0, 0, 0, 0, 0x57, 0x02, 0, 0x2c, 0x01, 0x01]))).toEqual({
      width: 600,
      height: 65_837,
    })
    // 14 bits of width − 1, then 14 bits of height − 1.
    const bits = 599 + 300 * 2 ** 14
    const packed = [0x2f, bits & 0xff, (bits >> 8) & 0xff, (bits >> 16) & 0xff, (bits >> 24) & 0xff]
    expect(imageSize(riff('VP8L', packed))).toEqual({ width: 600, height: 301 })
    const lossy = [0, 0, 0, 0x9d, 0x01, 0x2a, 0x58, 0x42, 0x2d, 0x41]
    expect(imageSize(riff('VP8 ', lossy))).toEqual({ width: 600, height: 301 })
    expect(imageSize(riff('VP9 ', lossy))).toBeUndefined()
    expect(imageSize(riff('VP8X', [0, 0, 0, 0, 0x57, 0x02, 0, 0x2c, 0x01]))).toBeUndefined()
    expect(imageSize(riff('VP8L', packed.slice(0, 4)))).toBeUndefined()
    expect(imageSize(riff('VP8 ', lossy.slice(0, 9)))).toBeUndefined()
  })
})

test.each([
  ['nothing', ''],
  ['text', base64('hello world')],
  ['a file of another kind', base64('RIFF', [0, 0, 0, 0], 'WAVEfmt ')],
  ['a PNG cut short', png([0, 0, 2, 88], [0, 1, 0, 1]).slice(0, 30)],
  ['a GIF cut short', base64('GIF89a', [0x90, 0x01, 0x2d])],
  ['a PNG without width', png([0, 0, 0, 0], [0, 0, 0, 1])],
  ['a PNG without height', png([0, 0, 0, 1], [0, 0, 0, 0])],
  ['a JPEG without a frame', base64([0xff, 0xd8, 0xff, 0xe0, 0, 2])],
  ['a JPEG of rubbish', base64([0xff, 0xd8, 0xff, 0xe0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9])],
])('%s has no size', (_what, image) => {
  expect(imageSize(image)).toBeUndefined()
})

test('only the header is looked at, however long the image is', () => {
  const header = Buffer.from(png([0, 0, 2, 88], [0, 0, 1, 45]), 'base64')
  expect(imageSize(Buffer.concat([header, Buffer.alloc(5_000_000)]).toString('base64'))).toEqual({
    width: 600,
    height: 301,
  })
})
