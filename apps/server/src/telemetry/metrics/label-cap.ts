/** What stands for every value beyond the cap. */
const otherLabel = 'other'

/** No name of a model is longer; a label must not carry a client's novel. */
const MAX_LENGTH = 128

/**
 * Keeps the number of values of a label bounded. Models are chosen by clients, and every new value is a series that
 * Prometheus keeps for weeks: the first `max` values have their own, whoever comes later is counted as `other`.
 *
 * @param max how many values may have a series of their own.
 * @param known values that have one in any case, such as the models that the routes name.
 */
export function labelCap(max: number, known: Iterable<string> = []): (value: string) => string {
  const own = new Set(known)
  const limit = own.size + max
  return (value) => {
    if (own.has(value)) return value
    if (own.size >= limit || value.length > MAX_LENGTH) return otherLabel
    own.add(value)
    return value
  }
}
