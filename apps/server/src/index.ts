export { accounts, login, type OAuth, logout, openBrowser, type Terminal as OAuthTerminal } from './oauth/index.ts'
export { openLogins } from './state/oauth-settings.ts'
export { type RunningServer, type ServerOptions, startServer } from './server.ts'
export { type Log, type LogLevel, openLog } from './telemetry/log.ts'
