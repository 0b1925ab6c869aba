import { type Failure, type FailureKind, failureTable } from '@lb/protocol'
import type { Refusal } from '../ingress/refusal.ts'

/**
 * What a client is told about a failure in lb's own words: what happened and what helps. Never a provider's name, its text
 * or a key: the client may be somebody else than the operator.
 *
 * @param model what the client asked for.
 */
export function refusalOf(failure: Failure, model: string): Pick<Refusal, 'status' | 'type' | 'message'> {
  // Which accounts must log in, and how, is said by whoever keeps them.
  const text = failure.kind === 'login-required' ? failure.message : (texts[failure.kind] ?? fallback)
  return { ...failureTable[failure.kind].client, message: text.replace('{model}', () => model.slice(0, MAX_NAME)) }
}

/** Longer is no model's name. */
const MAX_NAME = 100

const fallback = 'The request could not be answered by any upstream.'

const texts: Readonly<Partial<Record<FailureKind, string>>> = {
  'connect-failed': 'No upstream could be reached.',
  'connection-reset': 'The upstream closed the connection before it answered.',
  'stale-connection': 'The upstream closed the connection before it answered.',
  'tls-failed': 'No secure connection to the upstream could be made.',
  'certificate-invalid': 'The upstream’s certificate is not valid.',
  'first-byte-timeout': 'The upstream did not begin to answer in time.',
  'silent-until-deadline': 'The upstream did not begin to answer in time.',
  'rate-limited': 'Every upstream is rate limited.',
  'quota-rejected': 'Every upstream has used up its quota.',
  'credits-exhausted': 'The upstream account has no credit left.',
  overloaded: 'Every upstream is overloaded.',
  'server-error': 'The upstream failed.',
  'credential-expired': 'The upstream no longer accepts lb’s login.',
  'credential-rejected': 'The upstream does not accept lb’s credential.',
  'login-unavailable': 'lb’s login for the upstream cannot be used at the moment. Try again later.',
  blocked: 'The upstream refused the request without saying why.',
  'model-not-found': 'The upstream does not have this model.',
  'loop-detected': 'A provider leads back to lb. Check base_url.',
  'endpoint-not-found': 'The upstream does not have this endpoint. Check base_url.',
  'redirect-refused': 'The upstream answered with a redirect, which is not followed.',
  'bad-response': 'The upstream’s answer could not be used.',
  'stream-cut': 'The upstream broke off in the middle of its answer.',
  'stream-idle': 'The upstream went silent in the middle of its answer.',
  'response-too-large': 'The upstream’s answer is longer than the limit.',
  // The predecessor's words, which its users' scripts look for.
  'no-candidate': "All configured providers for model '{model}' are currently unable to process requests.",
  'deadline-exceeded': 'The time for this request ran out before an upstream answered.',
  'shutting-down': 'lb is being stopped. Send the request again.',
  'internal-error': 'lb failed to handle this request.',
}
