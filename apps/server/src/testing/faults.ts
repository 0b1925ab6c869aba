import type { ConnectionFault, FaultName } from '@lb/mock-provider'

/** What can be wrong with a provider so that somebody else must answer. */
export type Fault = FaultName | ConnectionFault

/** Whatever is asked of it: before it has said anything of its answer. */
export const faultsBeforeAnswer: readonly Fault[] = [
  'connection-refused',
  'reset-on-accept',
  'close-on-accept',
  'reset-before-response',
  'close-before-response',
  'error-500',
  'error-502',
  'error-503',
  'error-504',
  'error-520',
  'error-521',
  'error-522',
  'error-523',
  'error-524',
  'error-529',
  'rate-limit',
  'rate-limit-date',
  'rate-limit-long',
  'rate-limit-bare',
  'rate-limit-unified',
  'bad-key',
  'html-403',
  'no-credit',
  'credit-too-low',
  'insufficient-quota',
  'model-not-found',
  'html-200',
  'empty-200',
  'json-error-200',
  'redirect-307',
  'not-http',
  'truncated-json',
  'truncated-json-whole',
  'empty-stream',
]

/** The same, said inside a stream: a whole answer has no beginning that could be shown before it breaks. */
export const faultsInStream: readonly Fault[] = [
  'error-first',
  'error-after-message-start',
  'end-after-message-start',
  'close-after-message-start',
  'reset-after-head',
  'reset-after-message-start',
  'endless-event',
]
