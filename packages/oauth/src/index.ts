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
export type { AccountFile, AccountFileProblem, ReadAccountFile, StoredAccount } from './account-file.ts'
export { accountKey, emptyFile, isAccountName, readAccountFile, writeAccountFile } from './account-file.ts'
export { type Affinity, type AffinityLimits, createAffinity } from './affinity.ts'
export type { Authority, ParsedUrl } from './authority.ts'
export { authorityId, authorityProblems, isIssuedBy, isLoopbackHost, openIdIdentity, parseUrl } from './authority.ts'
export { type AuthorizeRequest, authorizeUrl } from './authorize.ts'
export { type CallbackCode, type CallbackProblem, readCallback, readPasted } from './callback.ts'
export { claudeAuthority } from './claude.ts'
export { type Instant, remainingMs } from './instant.ts'
export type { LoginClaim, LoginLedger, LoginMatch, LoginPolicy, PendingLogin } from './login-ledger.ts'
export { closeLogin, defaultLoginPolicy, noLogins, openLogin } from './login-ledger.ts'
export type { AccountEffect, AccountEvent, AccountPolicy, AccountState, AccountStep, LoginReason } from './machine.ts'
export { defaultAccountPolicy, isUsable, nextDeadlineMs, noTokens, stepAccount } from './machine.ts'
export { pkceChallenge, pkceVerifier, SECRET_BYTES, sameSecret } from './pkce.ts'
export { headroom, type Quota, type QuotaReading, type QuotaRules, readQuota, rejectedUntilMs } from './quota.ts'
export type { AccountChoice, AccountStrategy, AccountView, AccountWish } from './select.ts'
export { chooseAccount, reservedHeadroom } from './select.ts'
export { describeTokenProblem, type TokenProblem, type TokenProblemKind, tokenProblems } from './token-problem.ts'
export { type CodeExchange, codeRequest, refreshRequest, revokeRequest, type TokenRequest } from './token-request.ts'
export { readTokenResponse, type TokenGrant, type TokenResponse } from './token-response.ts'
