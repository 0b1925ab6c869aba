import type { ApiRoute } from './api-route.ts'
import { healthRoutes } from './health.ts'
import { modelRoutes } from './models.ts'
import { providerRoutes } from './providers.ts'
import { reloadRoutes } from './reload.ts'
import { requestRoutes } from './requests.ts'

/** Everything that lb answers about itself. A path with fixed text goes before one that would take it for a name. */
export const apiRoutes: readonly ApiRoute[] = [
  ...healthRoutes,
  ...modelRoutes,
  ...reloadRoutes,
  ...providerRoutes,
  ...requestRoutes,
]
