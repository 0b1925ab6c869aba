import type { Socket } from 'node:net'

/** Resolves when the bytes have left for the kernel, or when nobody wants them any more. */
export function written(socket: Socket, bytes: Uint8Array, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      gone.removeEventListener('abort', done)
      resolve()
    }
    gone.addEventListener('abort', done)
    socket.write(bytes, done)
  })
}
