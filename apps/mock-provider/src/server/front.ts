import net, { type AddressInfo, type Socket } from 'node:net'
import { connectionFaults, isConnectionFault } from '../fault/presets.ts'
import type { AcceptRule, MockScript } from '../script/script.ts'
import type { MockClock } from './clock.ts'
import { type Connection, openConnection } from './connection.ts'

/** The listener: it takes connections in, or does not, as a script says, before anything of HTTP or TLS begins. */
export interface Front {
  readonly port: number
  readonly connections: { readonly accepted: number; readonly open: number }
  /** The faults of connections of this script hold from now on. */
  setScript(script: MockScript): Promise<void>
  close(): Promise<void>
}

/**
 * Starts to listen.
 *
 * @param admit gets every connection that is to be served.
 * @throws if the port cannot be bound.
 */
export async function openFront(
  host: string,
  wanted: number,
  clock: MockClock,
  admit: (connection: Connection) => void,
): Promise<Front> {
  let script: MockScript = {}
  let accepted = 0
  let acceptedBefore = 0
  const open = new Set<Connection>()
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (raw) => {
    accepted += 1
    const connection = openConnection(accepted, raw, clock)
    open.add(connection)
    raw.on('close', () => open.delete(connection))
    const action = acceptActionFor(script, accepted - acceptedBefore)
    if (action === 'serve') admit(connection)
    else turnAway(action, raw)
  })
  await listen(server, wanted, host)
  const { port } = addressOf(server)
  return {
    port,
    get connections() {
      return { accepted, open: open.size }
    },
    async setScript(next) {
      script = next
      acceptedBefore = accepted
      const refuses = isRefusing(next)
      // A fault of connections is met by new ones only: those of the time before must not hide it.
      const ends = (connection: Connection) => refuses || (connection.busy === 0 && acceptRulesOf(next) !== undefined)
      for (const connection of open) if (ends(connection)) connection.raw.destroy()
      if (refuses) await stopListening(server)
      else if (!server.listening) await listen(server, port, host)
    },
    async close() {
      for (const { raw } of open) raw.destroy()
      await stopListening(server)
    },
  }
}

function acceptRulesOf(script: MockScript): readonly AcceptRule[] | undefined {
  if (script.accept !== undefined || script.fault === undefined || !isConnectionFault(script.fault))
    return script.accept
  return connectionFaults[script.fault].script.accept
}

/** What a script does with its n-th connection. */
function acceptActionFor(script: MockScript, nth: number): AcceptRule['action'] {
  let left = nth
  for (const rule of acceptRulesOf(script) ?? []) {
    if (left <= (rule.connections ?? Number.POSITIVE_INFINITY)) return rule.action
    left -= rule.connections ?? 0
  }
  return 'serve'
}

function turnAway(action: Exclude<AcceptRule['action'], 'serve'>, raw: Socket): void {
  if (action === 'reset') raw.resetAndDestroy()
  else if (action === 'close') raw.destroy()
  // `silence`: nothing reads it, and what the client sends stays in the kernel.
}

function isRefusing(script: MockScript): boolean {
  return script.refuse ?? script.fault === 'connection-refused'
}

function listen(server: net.Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function stopListening(server: net.Server): Promise<void> {
  if (!server.listening) return Promise.resolve()
  // The callback of `close` waits for connections; the port is closed at once.
  server.close()
  return new Promise((resolve) => setImmediate(resolve))
}

function addressOf(server: net.Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the front listens on a TCP port')
  return address
}
