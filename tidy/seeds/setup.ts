import { configureGlobal } from 'fast-check'
import { inject } from 'vitest'

const runs = Number(process.env['LB_PROPERTY_RUNS'] ?? 0)

configureGlobal({ seed: inject('propertySeed'), ...(runs > 0 ? { numRuns: runs } : {}) })
