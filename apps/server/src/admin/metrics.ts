import { type ApiRoute, apiRoute } from './api-route.ts'

/** Figures for Prometheus. */
export const metricsRoutes: readonly ApiRoute[] = [
  apiRoute(
    {
      method: 'GET',
      path: '/metrics',
      access: 'admin',
      id: 'getMetrics',
      group: 'Health',
      summary: 'Counters, gauges and histograms for Prometheus',
      replies: { 200: { description: 'The text format.', contentType: 'text/plain; version=0.0.4; charset=utf-8' } },
    },
    async (house) => {
      const { text } = await house.metrics.exposition()
      return { status: 200, body: text }
    },
  ),
]
