export type {
  AccountList,
  Accounts,
  AccountsOptions,
  Credential,
  CredentialAnswer,
  CredentialWish,
  RefreshAnswer,
  Timers,
} from './accounts.ts'
export { accounts, type LoginOptions, login, logout, type Terminal } from './commands.ts'
export type { Answer, RequestFacts } from './http.ts'
export type { OAuthLog } from './log.ts'
export { type OAuth, type OAuthPorts, openOAuth } from './oauth.ts'
export { openBrowser } from './open-browser.ts'
export { type OAuthRoute, oauthRoutes } from './routes.ts'
export { defaultTokenFile, type OAuthSettings, settingsProblems, termsNotice } from './settings.ts'
