import type { ApiRoute } from './api-route.ts'
import { documentationRoutes } from './documentation.ts'
import { healthRoutes } from './health.ts'
import { loginOperations } from './login-operations.ts'
import { metricsRoutes } from './metrics.ts'
import { modelOperations } from './model-operations.ts'
import { modelRoutes } from './models.ts'
import { providerRoutes } from './providers.ts'
import { reloadRoutes } from './reload.ts'
import { requestRoutes } from './requests.ts'
import { usageRoutes } from './usage.ts'

/** A path with fixed text goes before one that would take it for a name. */
const routes: readonly ApiRoute[] = [
  ...healthRoutes,
  ...metricsRoutes,
  ...modelRoutes,
  ...reloadRoutes,
  ...providerRoutes,
  ...requestRoutes,
  ...usageRoutes,
]

/** Everything that lb answers about itself. */
export const apiRoutes: readonly ApiRoute[] = [
  ...routes,
  ...documentationRoutes([...modelOperations, ...routes, ...loginOperations]),
]
