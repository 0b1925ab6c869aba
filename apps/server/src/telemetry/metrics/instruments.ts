/**
 * Counters, gauges and histograms that cost some nanoseconds to touch. prom-client's own hash their labels at every touch
 * (0.3 to 0.4 µs; a request has about fifteen touches), so here a walk over short maps leads to a cell, and prom-client
 * prints what is in the cells when somebody asks. Decision 0075.
 */
export type InstrumentKind = 'counter' | 'gauge' | 'histogram'

/** A metric with all of its series, as whoever prints it sees it. */
export interface Instrument {
  readonly kind: InstrumentKind
  readonly name: string
  /** One sentence for the reader of a dashboard. */
  readonly help: string
  /** At most three. */
  readonly labels: readonly string[]
  /** Upper bounds, ascending; empty for everything but a histogram. */
  readonly buckets: readonly number[]
  samples(): Sample[]
}

/** One line of the output. */
export interface Sample {
  /** With its suffix (`_bucket`, `_sum`, `_count`). */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A series of a counter or a gauge. */
export interface Cell {
  value: number
}

/** A counter or a gauge. */
export interface CellInstrument extends Instrument {
  /** The series with these label values, in the order of {@link Instrument.labels}; made at first use. */
  cell(a?: string, b?: string, c?: string): Cell
  /** Forgets all series: for a gauge whose subjects come and go. */
  clear(): void
}

/** A histogram. */
export interface Histogram extends Instrument {
  series(a?: string, b?: string, c?: string): Observations
}

/** A series of a histogram. */
export class Observations {
  readonly #bounds: readonly number[]
  /** Not cumulated; the last is what exceeds all bounds. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    const bounds = this.#bounds
    let index = 0
    while (index < bounds.length && value > (bounds[index] as number)) index += 1
    this.counts[index] = (this.counts[index] as number) + 1
    this.sum += value
  }
}

/** A new counter. A series without labels exists from the start, so that a rate over it is 0 and not nothing. */
export function counter(name: string, help: string, labels: readonly string[] = []): CellInstrument {
  return cellInstrument('counter', name, help, labels)
}

/** A new gauge. */
export function gauge(name: string, help: string, labels: readonly string[] = []): CellInstrument {
  return cellInstrument('gauge', name, help, labels)
}

/** A new histogram. @param buckets upper bounds, ascending, in the unit of the name. */
export function histogram(
  name: string,
  help: string,
  buckets: readonly number[],
  labels: readonly string[] = [],
): Histogram {
  const tree = new Tree(() => new Observations(buckets))
  return {
    kind: 'histogram',
    name,
    help,
    labels,
    buckets,
    series: (a, b, c) => tree.at(a, b, c),
    samples: () => tree.leaves(labels).flatMap(({ labels: set, leaf }) => bucketSamples(name, buckets, set, leaf)),
  }
}

function cellInstrument(
  kind: 'counter' | 'gauge',
  name: string,
  help: string,
  labels: readonly string[],
): CellInstrument {
  const tree = new Tree<Cell>(() => ({ value: 0 }))
  if (labels.length === 0) tree.at()
  return {
    kind,
    name,
    help,
    labels,
    buckets: [],
    cell: (a, b, c) => tree.at(a, b, c),
    clear: () => tree.clear(),
    samples: () => tree.leaves(labels).map(({ labels: set, leaf }) => ({ name, labels: set, value: leaf.value })),
  }
}

function bucketSamples(
  name: string,
  buckets: readonly number[],
  labels: Readonly<Record<string, string>>,
  { counts, sum }: Observations,
): Sample[] {
  let total = 0
  const bucket = (le: string, count: number): Sample => {
    total += count
    return { name: `${name}_bucket`, labels: { ...labels, le }, value: total }
  }
  const bounds = [...buckets.map(String), '+Inf']
  const lines = bounds.map((le, index) => bucket(le, counts[index] ?? 0))
  return [...lines, { name: `${name}_sum`, labels, value: sum }, { name: `${name}_count`, labels, value: total }]
}

/** Leaves by up to three words. */
class Tree<Leaf> {
  readonly #byFirst = new Map<string, Map<string, Map<string, Leaf>>>()
  readonly #make: () => Leaf

  constructor(make: () => Leaf) {
    this.#make = make
  }

  at(a = '', b = '', c = ''): Leaf {
    let bySecond = this.#byFirst.get(a)
    if (bySecond === undefined) {
      bySecond = new Map()
      this.#byFirst.set(a, bySecond)
    }
    let byThird = bySecond.get(b)
    if (byThird === undefined) {
      byThird = new Map()
      bySecond.set(b, byThird)
    }
    let leaf = byThird.get(c)
    if (leaf === undefined) {
      leaf = this.#make()
      byThird.set(c, leaf)
    }
    return leaf
  }

  clear(): void {
    this.#byFirst.clear()
  }

  leaves(names: readonly string[]): { readonly labels: Readonly<Record<string, string>>; readonly leaf: Leaf }[] {
    const found: { labels: Readonly<Record<string, string>>; leaf: Leaf }[] = []
    for (const [a, bySecond] of this.#byFirst) {
      for (const [b, byThird] of bySecond) {
        for (const [c, leaf] of byThird) found.push({ labels: labelled(names, [a, b, c]), leaf })
      }
    }
    return found
  }
}

function labelled(names: readonly string[], values: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}
