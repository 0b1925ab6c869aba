import { createBrotliDecompress, createGunzip, createInflate, type Gunzip } from 'node:zlib'

/**
 * Undoes a `content-encoding` that nobody asked for (lb always asks for `identity`).
 *
 * One layer only, and bounded: 481 bytes of nested gzip can become 200 MB.
 */
export interface BodyDecoder {
  /** `false`: the decoder has enough to do; wait for `drained`. */
  write(chunk: Buffer): boolean
  end(): void
  destroy(): void
}

export interface BodyDecoderListener {
  bytes(chunk: Buffer): void
  end(): void
  /** The bytes are not what their header says, or would become too many. */
  failed(): void
  drained(): void
}

/** More than any text compresses; what does better was made to. */
const MAX_RATIO = 100
/** Below this much the ratio means nothing. */
const RATIO_FROM_BYTES = 1 << 20

/** @returns `undefined` for an encoding that is not known: the body cannot be read. */
export function decodeBody(encoding: string, listener: BodyDecoderListener): BodyDecoder | undefined {
  const create = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined
  if (create === undefined) return undefined
  const decoder = create()
  let taken = 0
  let given = 0
  decoder.on('data', (chunk: Buffer) => {
    given += chunk.length
    if (given > RATIO_FROM_BYTES && given > taken * MAX_RATIO) {
      decoder.destroy()
      listener.failed()
    } else listener.bytes(chunk)
  })
  decoder.on('end', () => listener.end())
  decoder.on('error', () => listener.failed())
  decoder.on('drain', () => listener.drained())
  return {
    write(chunk) {
      taken += chunk.length
      return decoder.destroyed || decoder.write(chunk)
    },
    end: () => void decoder.end(),
    destroy: () => void decoder.destroy(),
  }
}

const decoders: Readonly<Record<string, () => Gunzip>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
}
