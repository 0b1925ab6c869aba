import type { ConfigProblem } from '@lb/config'
import * as v from 'valibot'

/** One thing that is wrong with, or worth knowing about, the configuration file. */
export const problemSchema: v.GenericSchema<ConfigProblem> = v.pipe(
  v.object({
    severity: v.pipe(v.picklist(['error', 'notice']), v.description('An error keeps the file from being used')),
    path: v.pipe(v.string(), v.description('The key, e.g. `providers[0].auth_value`; empty for the file as a whole')),
    line: v.pipe(v.number(), v.integer(), v.description('One-based')),
    column: v.pipe(v.number(), v.integer(), v.description('One-based')),
    message: v.string(),
    suggestion: v.exactOptional(v.string()),
    flag: v.exactOptional(v.pipe(v.string(), v.description('Set when the value came from the command line: `--port`'))),
  }),
  v.title('ConfigProblem'),
)
