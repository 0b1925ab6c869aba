export { type RunningServer, type ServerOptions, startServer } from './server.ts'
export { type Log, type LogLevel, openLog } from './telemetry/log.ts'
