import type { Exemption } from './law.ts'

/**
 * Who may break a law for a while, and why. An exemption ends on its date, and the test fails when it is not needed any
 * more. `file-lines` has none.
 */
export const exemptions: readonly Exemption[] = []
