import type { Keys } from './entry.ts'
import { providerKeys } from './provider-keys.ts'
import { routeKeys } from './route-keys.ts'
import { settingsKeys } from './settings-keys.ts'

/** The whole file. */
export const rootKeys: {
  readonly providers: {
    readonly kind: 'list'
    readonly since: 'predecessor'
    readonly description: string
    readonly of: { readonly kind: 'section'; readonly keys: typeof providerKeys }
  }
  readonly model_routes: {
    readonly kind: 'dictionary'
    readonly names: string
    readonly since: 'predecessor'
    readonly description: string
    readonly of: { readonly kind: 'list'; readonly of: { readonly kind: 'section'; readonly keys: typeof routeKeys } }
  }
  readonly settings: {
    readonly kind: 'section'
    readonly since: 'predecessor'
    readonly description: string
    readonly keys: typeof settingsKeys
  }
  readonly routing: { readonly kind: 'obsolete'; readonly instead: string }
} = {
  providers: {
    kind: 'list',
    since: 'predecessor',
    description: 'The places that requests can go to. At least one must be enabled.',
    of: { kind: 'section', keys: providerKeys },
  },
  model_routes: {
    kind: 'dictionary',
    names: 'model pattern',
    since: 'predecessor',
    description:
      'Which providers serve which model. A model’s exact name goes first, then the first pattern in file order with a usable route; `*` stands for any text, `?` for one character, without regard to case.',
    of: { kind: 'list', of: { kind: 'section', keys: routeKeys } },
  },
  settings: { kind: 'section', since: 'predecessor', description: 'Everything else.', keys: settingsKeys },
  routing: { kind: 'obsolete', instead: 'it was never implemented; use `model_routes`' },
} satisfies Keys
