import { guardGlobals } from './runtime.ts'

guardGlobals(globalThis)
