import type { Answer } from '../script/answer.ts'
import { type ConnectionFault, connectionFaultNames, connectionFaults } from './connection-faults.ts'
import { type HttpFault, httpFaultNames, httpFaults } from './http-faults.ts'
import type { FaultPreset } from './preset.ts'
import { type StreamFault, streamFaultNames, streamFaults } from './stream-faults.ts'

/** The name of a fault that one request meets. */
export type FaultName = HttpFault | StreamFault

/** Every fault that an answer can be. */
export const faultNames: readonly FaultName[] = [...httpFaultNames, ...streamFaultNames]

/** Every fault that one request can meet, by name. */
export const faults: { readonly [N in FaultName]: FaultPreset } = { ...httpFaults, ...streamFaults }

export { type ConnectionFault, connectionFaultNames, connectionFaults }

/** Whether a text names a fault of an answer. */
export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faults, name)
}

/** Whether a text names a fault of connections. */
export function isConnectionFault(name: string): name is ConnectionFault {
  return Object.hasOwn(connectionFaults, name)
}

/** Fills an answer's preset in; what the answer says itself wins. */
export function withPreset(answer: Answer): Answer {
  return answer.fault === undefined ? answer : { ...faults[answer.fault].answer, ...answer }
}
