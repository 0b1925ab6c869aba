export {
  addUsage,
  type EditProblem,
  putLogin,
  putLoginNeeded,
  putTokens,
  removeAccount,
  restoreAccounts,
  rotated,
  type SignedIn,
  type UsageDelta,
} from './account-edit.ts'
export {
  type AccountFile,
  type AccountFileProblem,
  accountKey,
  emptyFile,
  type ReadAccountFile,
  readAccountFile,
  type StoredAccount,
  writeAccountFile,
} from './account-file.ts'
export { type Affinity, type AffinityLimits, createAffinity } from './affinity.ts'
export {
  type Authority,
  type AuthorityRedirects,
  authorityId,
  authorityProblems,
  type IdentityPaths,
  isIssuedBy,
  isLoopbackHost,
  openIdIdentity,
  parseUrl,
} from './authority.ts'
export { type AuthorizeRequest, authorizeUrl } from './authorize.ts'
export { type AuthorizeError, type CallbackCode, type CallbackProblem, readCallback, readPasted } from './callback.ts'
export { claudeAuthority } from './claude.ts'
export { ageMs, type Instant, remainingMs } from './instant.ts'
export {
  closeLogin,
  defaultLoginPolicy,
  type LoginClaim,
  type LoginLedger,
  type LoginMatch,
  type LoginPolicy,
  noLogins,
  openLogin,
  type PendingLogin,
} from './login-ledger.ts'
export {
  type AccountEffect,
  type AccountEvent,
  type AccountPolicy,
  type AccountState,
  type AccountStep,
  defaultAccountPolicy,
  isUsable,
  type LoginReason,
  nextDeadlineMs,
  noTokens,
  stepAccount,
  type TokenLife,
} from './machine.ts'
export { pkceChallenge, pkceVerifier, SECRET_BYTES, sameSecret } from './pkce.ts'
export {
  anthropicQuota,
  headroom,
  type Quota,
  type QuotaReading,
  type QuotaRejection,
  type QuotaRules,
  type QuotaWindow,
  type QuotaWindowRule,
  readQuota,
  rejectedUntilMs,
} from './quota.ts'
export {
  type AccountChoice,
  type AccountStrategy,
  type AccountView,
  type AccountWish,
  chooseAccount,
  reservedHeadroom,
} from './select.ts'
export {
  describeTokenProblem,
  type TokenProblem,
  type TokenProblemKind,
  type TokenProblemRow,
  tokenProblems,
} from './token-problem.ts'
export { type CodeExchange, codeRequest, refreshRequest, revokeRequest, type TokenRequest } from './token-request.ts'
export { type AccountIdentity, readTokenResponse, type TokenGrant, type TokenResponse } from './token-response.ts'
