import { brotliCompressSync, constants, crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import type { Answer } from '../script/answer.ts'
import type { Frame } from './frame.ts'

/** A body after its content encoding. */
export interface EncodedBody {
  readonly frames: readonly Frame[]
  /** The `content-encoding` header. */
  readonly label: string | undefined
  /** What closes the encoded form; sent only where the answer reaches its end. */
  readonly trailer: Uint8Array
}

const EMPTY = new Uint8Array()
const MEGABYTE = 1024 * 1024
const BOMB_MEGABYTES = 256

/** Bytes that are flipped in the middle of a damaged body. */
const DAMAGED_BYTES = 8

/** Applies a content encoding that nobody may have asked for. */
export function encodeBody(frames: readonly Frame[], encoding: Answer['encoding']): EncodedBody {
  return encoding === undefined ? { frames, label: undefined, trailer: EMPTY } : ENCODERS[encoding](frames)
}

const ENCODERS: {
  readonly [E in NonNullable<Answer['encoding']>]: (frames: readonly Frame[]) => EncodedBody
} = {
  gzip: gzipFrames,
  'gzip-corrupt': (frames) => {
    const encoded = gzipFrames(frames)
    return { ...encoded, frames: damaged(encoded.frames) }
  },
  deflate: (frames) => ({ frames: onePiece(deflateSync(joined(frames))), label: 'deflate', trailer: EMPTY }),
  br: (frames) => ({ frames: onePiece(brotliCompressSync(joined(frames))), label: 'br', trailer: EMPTY }),
  bomb: () => ({
    frames: [{ kind: 'fill', bytes: compressedMegabyte(), times: BOMB_MEGABYTES }],
    label: 'gzip',
    trailer: EMPTY,
  }),
  'bomb-twice': () => {
    const member = compressedMegabyte()
    const inner = Buffer.concat(Array.from({ length: BOMB_MEGABYTES }, () => member))
    return { frames: onePiece(gzipSync(inner, { level: 9 })), label: 'gzip, gzip', trailer: EMPTY }
  },
}

/** Members of a gzip file may follow one another, so one compressed megabyte sent often is a body of any size. */
function compressedMegabyte(): Buffer {
  return gzipSync(Buffer.alloc(MEGABYTE), { level: 9 })
}

/**
 * gzip that streams: every frame is deflated by itself and ends on a byte border (a sync flush), so that each event can be
 * read as soon as it is there, as a server with a flushing compressor sends them.
 * @see https://www.rfc-editor.org/rfc/rfc1952
 */
function gzipFrames(frames: readonly Frame[]): EncodedBody {
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
  let checksum = 0
  let size = 0
  let started = false
  const encoded = frames.map((frame): Frame => {
    if (frame.kind === 'pause') return frame
    const bytes = frame.kind === 'bytes' ? frame.bytes : joined([frame])
    checksum = crc32(bytes, checksum)
    size = (size + bytes.length) % 2 ** 32
    const deflated = deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
    const whole = started ? deflated : Buffer.concat([header, deflated])
    started = true
    return { kind: 'bytes', bytes: whole }
  })
  const trailer = Buffer.alloc(10)
  // An empty last block with fixed codes.
  trailer.writeUInt16LE(0x0003, 0)
  trailer.writeUInt32LE(checksum, 2)
  trailer.writeUInt32LE(size, 6)
  return { frames: encoded, label: 'gzip', trailer: started ? trailer : Buffer.concat([header, trailer]) }
}

function damaged(frames: readonly Frame[]): readonly Frame[] {
  const middle = Math.floor(frames.length / 2)
  return frames.map((frame, index) => {
    if (index !== middle || frame.kind !== 'bytes') return frame
    const bytes = Uint8Array.from(frame.bytes)
    const from = Math.max(0, Math.floor(bytes.length / 2) - DAMAGED_BYTES / 2)
    for (let at = from; at < from + DAMAGED_BYTES && at < bytes.length; at++) bytes[at] = (bytes[at] ?? 0) ^ 0xff
    return { kind: 'bytes', bytes }
  })
}

/** Pauses are lost: the body leaves in one piece. */
function joined(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      if (frame.kind === 'pause') return []
      return frame.kind === 'bytes' ? [frame.bytes] : Array.from({ length: frame.times }, () => frame.bytes)
    }),
  )
}

function onePiece(bytes: Uint8Array): readonly Frame[] {
  return [{ kind: 'bytes', bytes }]
}
