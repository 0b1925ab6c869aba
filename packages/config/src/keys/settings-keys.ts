import { accessKeys } from './access-keys.ts'
import type { Keys } from './entry.ts'
import { healthKeys } from './health-keys.ts'
import { processKeys } from './process-keys.ts'
import { trafficKeys } from './traffic-keys.ts'

/** All keys of `settings:`, in the order in which the example and the guide show them. */
export const settingsKeys: typeof processKeys & typeof healthKeys & typeof trafficKeys & typeof accessKeys = {
  ...processKeys,
  ...healthKeys,
  ...trafficKeys,
  ...accessKeys,
} satisfies Keys
