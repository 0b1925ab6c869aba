import type { ConnectionPreset } from './preset.ts'

/** Names of faults that connections meet: only a whole script can have one. */
export const connectionFaultNames = [
  'connection-refused',
  'reset-on-accept',
  'close-on-accept',
  'silent-on-accept',
] as const

/** One of {@link connectionFaultNames}. */
export type ConnectionFault = (typeof connectionFaultNames)[number]

/** What they do. */
export const connectionFaults: { readonly [N in ConnectionFault]: ConnectionPreset } = {
  'connection-refused': { rows: [1], about: 'nothing listens on the port', script: { refuse: true } },
  'reset-on-accept': {
    rows: [3],
    about: 'RST as soon as a connection is accepted',
    script: { accept: [{ action: 'reset' }] },
  },
  'close-on-accept': {
    rows: [3],
    about: 'FIN as soon as a connection is accepted',
    script: { accept: [{ action: 'close' }] },
  },
  'silent-on-accept': {
    rows: [15, 43],
    about: 'accepted, never read, never answered; with TLS the handshake stalls',
    script: { accept: [{ action: 'silence' }] },
  },
}
