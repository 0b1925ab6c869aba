import { decodeBase64 } from './base64.ts'

/** Width and height in pixels. */
export interface ImageSize {
  readonly width: number
  readonly height: number
}

/**
 * Reads the size of an image from its header: PNG, JPEG, GIF and WebP, the formats that models take.
 *
 * @param base64 the image, without a `data:` prefix.
 * @returns `undefined` when it is none of them, or its header is not whole.
 */
export function imageSize(base64: string): ImageSize | undefined {
  const bytes = decodeBase64(base64, HEADER_BYTES)
  const format = formats.find(({ isIt }) => isIt(bytes))
  const size = format?.size(bytes)
  return size !== undefined && size.width > 0 && size.height > 0 ? size : undefined
}

/** A JPEG may carry a preview, a colour profile and a camera's notes before it says its size. */
const HEADER_BYTES = 256 * 1024

interface Format {
  readonly isIt: (bytes: Uint8Array) => boolean
  readonly size: (bytes: Uint8Array) => ImageSize | undefined
}

const formats: readonly Format[] = [
  {
    isIt: (bytes) => says(bytes, 0, '\x89PNG'),
    size: (bytes) => sizeAt(bytes, 24, big(bytes, 16, 4), big(bytes, 20, 4)),
  },
  {
    isIt: (bytes) => says(bytes, 0, 'GIF8'),
    size: (bytes) => sizeAt(bytes, 10, little(bytes, 6, 2), little(bytes, 8, 2)),
  },
  { isIt: (bytes) => says(bytes, 0, '\xff\xd8\xff'), size: jpegSize },
  { isIt: (bytes) => says(bytes, 0, 'RIFF') && says(bytes, 8, 'WEBP'), size: webpSize },
]

/**
 * A JPEG is a list of segments: `FF`, a marker, and a length that counts itself. The frame header (`C0`–`CF`, but not the
 * tables `C4`, `C8` and `CC`) holds the size.
 * @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf B.2.2
 */
function jpegSize(bytes: Uint8Array): ImageSize | undefined {
  let at = 2
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] as number
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) return { width: big(bytes, at + 7, 2), height: big(bytes, at + 5, 2) }
    // A marker may be preceded by any number of fill bytes.
    at += marker === 0xff ? 1 : 2 + big(bytes, at + 2, 2)
  }
  return undefined
}

/** @see https://developers.google.com/speed/webp/docs/riff_container */
function webpSize(bytes: Uint8Array): ImageSize | undefined {
  if (says(bytes, 12, 'VP8X')) return sizeAt(bytes, 30, little(bytes, 24, 3) + 1, little(bytes, 27, 3) + 1)
  if (says(bytes, 12, 'VP8L')) {
    const bits = little(bytes, 21, 4)
    return sizeAt(bytes, 25, (bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1)
  }
  if (says(bytes, 12, 'VP8 ')) return sizeAt(bytes, 30, little(bytes, 26, 2) & 0x3fff, little(bytes, 28, 2) & 0x3fff)
  return undefined
}

/** The size, if the header was long enough to hold it. */
function sizeAt(bytes: Uint8Array, headerBytes: number, width: number, height: number): ImageSize | undefined {
  return bytes.length >= headerBytes ? { width, height } : undefined
}

function says(bytes: Uint8Array, at: number, word: string): boolean {
  return [...word].every((letter, index) => bytes[at + index] === letter.charCodeAt(0))
}

function big(bytes: Uint8Array, at: number, count: number): number {
  return bytes.subarray(at, at + count).reduce((value, byte) => value * 256 + byte, 0)
}

function little(bytes: Uint8Array, at: number, count: number): number {
  return bytes.subarray(at, at + count).reduceRight((value, byte) => value * 256 + byte, 0)
}
