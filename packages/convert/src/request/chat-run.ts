import type { UpstreamIds } from '../ids.ts'
import type { UpstreamNames } from '../names.ts'
import type { Notes } from '../notes.ts'
import type { RequestOptions } from '../options.ts'
import type { AnthropicProfile } from '../profiles/anthropic.ts'

/** What the parts of a conversion to Anthropic share. */
export interface ChatRun {
  readonly profile: AnthropicProfile
  readonly options: RequestOptions
  readonly notes: Notes
  readonly ids: UpstreamIds
  readonly names: UpstreamNames
  /** URLs that the caller has to fetch before the request can be converted. */
  readonly urls: string[]
}
