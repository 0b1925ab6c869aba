import type { Registry } from 'prom-client'
import type { Instrument, Sample } from './instruments.ts'

/** What a scrape gets. */
export interface Exposition {
  readonly contentType: string
  readonly text: string
}

/**
 * Prints metrics in Prometheus' text format, with those of the process (CPU, memory, files, heap, garbage collection).
 * prom-client is loaded at the first scrape: who never scrapes does not pay its 40 ms at the start.
 */
export function createExposition(instruments: readonly Instrument[]): () => Promise<Exposition> {
  let registry: Promise<Registry> | undefined
  return async () => {
    registry ??= registryOf(instruments)
    const [own, process] = await Promise.all([registry, processRegistry()])
    const texts = await Promise.all([own.metrics(), process.metrics()])
    return { contentType: own.contentType, text: texts.join('\n') }
  }
}

async function registryOf(instruments: readonly Instrument[]): Promise<Registry> {
  const { Registry } = await import('prom-client')
  const registry = new Registry()
  for (const instrument of instruments) registry.registerMetric(printable(instrument))
  return registry
}

let ofProcess: Promise<Registry> | undefined

/** One for the process, however many servers run in it: its collectors watch the engine and cannot be taken off again. */
function processRegistry(): Promise<Registry> {
  ofProcess ??= import('prom-client').then(({ collectDefaultMetrics, Registry }) => {
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    return registry
  })
  return ofProcess
}

type Registered = Parameters<Registry['registerMetric']>[0]

/** All that a registry asks of a metric is its name and what `get` tells; the types name prom-client's own classes only. */
function printable(instrument: Instrument): Registered {
  const { name, help, kind } = instrument
  const metric = { name, get: async () => ({ name, help, type: kind, values: instrument.samples().map(lineOf) }) }
  return metric as unknown as Registered
}

function lineOf({ name, labels, value }: Sample): { metricName: string; labels: object; value: number } {
  return { metricName: name, labels, value }
}
