import { type CallbackProblem, describeTokenProblem, type LoginMatch, type TokenProblem } from '@lb/oauth'

/** Why a login did not come about. Plain data: nothing of it is secret. */
export type LoginRefusal =
  | { readonly kind: 'callback'; readonly problem: CallbackProblem }
  | { readonly kind: 'state'; readonly match: Exclude<LoginMatch['kind'], 'found'> }
  | { readonly kind: 'foreign-issuer' }
  | { readonly kind: 'tokens'; readonly problem: TokenProblem }
  /** Another account signed in than the one that was asked for. */
  | { readonly kind: 'other-account'; readonly asked: string; readonly got: string }

/** A refusal in words: one for programs, a title and a sentence for people. */
export interface RefusalText {
  readonly reason: string
  readonly title: string
  readonly message: string
  /** The HTTP status for it. */
  readonly status: number
}

const AGAIN = 'Please start the login again.'

const STATES: Readonly<Record<Exclude<LoginMatch['kind'], 'found'>, RefusalText>> = {
  unknown: {
    reason: 'state-unknown',
    title: 'This login is not known',
    message: `It was not started here, or lb was restarted since. Nobody was signed in. ${AGAIN}`,
    status: 400,
  },
  used: {
    reason: 'state-used',
    title: 'This login was already used',
    message:
      'Each login can be finished once. If it worked the first time, you can close this page; otherwise start again.',
    status: 400,
  },
  expired: {
    reason: 'state-expired',
    title: 'This login took too long',
    message: `A login must be finished within ten minutes. Nobody was signed in. ${AGAIN}`,
    status: 400,
  },
  'other-browser': {
    reason: 'state-other-browser',
    title: 'This login belongs to another browser',
    message: `It was started in another browser and must be finished there. Nobody was signed in. ${AGAIN}`,
    status: 400,
  },
}

const CALLBACKS: Readonly<Record<CallbackProblem['kind'], RefusalText>> = {
  denied: {
    reason: 'denied',
    title: 'The login was refused',
    message: `The provider, or you, said no. Nobody was signed in. ${AGAIN}`,
    status: 400,
  },
  'no-code': {
    reason: 'no-code',
    title: 'There is no code',
    message: 'What came back holds no code. Paste all of it: the text that the page shows, or the whole address.',
    status: 400,
  },
  'no-state': {
    reason: 'no-state',
    title: 'The code is not whole',
    message: 'The part after the # is missing. Paste the whole text, CODE#STATE, or the whole address.',
    status: 400,
  },
  'too-long': { reason: 'too-long', title: 'That is not a code', message: `It is far too long. ${AGAIN}`, status: 400 },
}

/** The words for a refusal. None of them is the provider's or the browser's own text. */
export function refusalText(refusal: LoginRefusal): RefusalText {
  switch (refusal.kind) {
    case 'state':
      return STATES[refusal.match]
    case 'callback':
      return callbackText(refusal.problem)
    case 'foreign-issuer':
      return {
        reason: 'foreign-issuer',
        title: 'The answer came from another server',
        message: 'It names another issuer than the configured one (settings.oauth). Nobody was signed in.',
        status: 400,
      }
    case 'tokens':
      return {
        reason: refusal.problem.kind,
        title: 'The login did not work',
        message: `The code could not be exchanged: ${describeTokenProblem(refusal.problem)}. Nobody was signed in. ${AGAIN}`,
        status: 400,
      }
    case 'other-account':
      return {
        reason: 'other-account',
        title: 'Another account signed in',
        message: `You asked for ${refusal.asked}, and ${refusal.got} signed in. Nobody was signed in here. ${AGAIN}`,
        status: 400,
      }
  }
}

function callbackText(problem: CallbackProblem): RefusalText {
  const text = CALLBACKS[problem.kind]
  return problem.kind === 'denied' ? { ...text, message: `${text.message} (${problem.error})` } : text
}
