/** For properties that convert whole streams or requests: fewer runs, unless many are asked for. */
export const few: { readonly numRuns: number } = { numRuns: Number(process.env['LB_PROPERTY_RUNS'] ?? 25) }
