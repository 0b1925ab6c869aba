import type { UpstreamIds } from '../ids.ts'
import type { UpstreamNames } from '../names.ts'
import type { Notes } from '../notes.ts'
import type { RequestOptions } from '../options.ts'
import type { Profile } from '../profiles/profile.ts'

/** What the parts of one request conversion share. */
export interface Run {
  readonly profile: Profile
  readonly options: RequestOptions
  readonly notes: Notes
  readonly ids: UpstreamIds
  readonly names: UpstreamNames
  /** URLs that the caller has to fetch before the request can be converted. */
  readonly urls: string[]
  /** Where cache breakpoints were written. */
  readonly cacheMarks: string[]
}
