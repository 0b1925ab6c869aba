import type { Provider } from '@lb/config'

/** A provider's `base_url` in the pieces that requests are made of. */
export interface UpstreamUrl {
  readonly origin: string
  /** Its path, without a slash at the end. */
  readonly base: string
  /** The same without the `v1` that some people write: Anthropic's paths have their own. */
  readonly anthropicBase: string
}

/** Parsed once for each provider: it costs more than all of the routing. */
const known = new WeakMap<Provider, UpstreamUrl>()

export function upstreamUrl(provider: Provider): UpstreamUrl {
  const found = known.get(provider)
  if (found !== undefined) return found
  const { origin, pathname } = new URL(provider.baseUrl)
  const url = {
    origin,
    base: pathname.replace(/\/$/, ''),
    anthropicBase: pathname.replace(/\/(v1\/?)?$/, ''),
  }
  known.set(provider, url)
  return url
}
