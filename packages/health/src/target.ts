import type { FailureScope } from '@lb/protocol'

/** What health keeps state about: one credential of one provider, used for one model. */
export interface Target {
  /** The configured provider's name. */
  readonly provider: string
  /**
   * Which of the provider's credentials, by a stable name that is no secret. `null` when the client brought its own:
   * what happens to a stranger's credential is nobody's health, so failures of that scope leave no trace.
   */
  readonly credential: string | null
  /** The model as the provider is asked for it. */
  readonly model: string
}

/**
 * Where in the tree a node sits: provider → credential → model. A model without a credential is the pair
 * provider + model, whoever pays.
 */
export interface NodePath {
  readonly provider: string
  readonly credential: string | null
  readonly model: string | null
}

/** The part of a target that a failure of this scope is about; `undefined` when no state is kept for it. */
export function pathOf(target: Target, scope: FailureScope): NodePath | undefined {
  const { provider, credential, model } = target
  switch (scope) {
    case 'provider':
      return { provider, credential: null, model: null }
    case 'provider+model':
      return { provider, credential: null, model }
    case 'credential':
      return credential === null ? undefined : { provider, credential, model: null }
    case 'credential+model':
      return credential === null ? undefined : { provider, credential, model }
    case 'request':
      return undefined
  }
}

/** `provider`, `provider/credential`, `provider · model` or `provider/credential · model`: for log lines. */
export function pathText({ provider, credential, model }: NodePath): string {
  const place = credential === null ? provider : `${provider}/${credential}`
  return model === null ? place : `${place} · ${model}`
}

/**
 * A subscription's quota may cover one family of models only. The family is a node of its own beside the models, so
 * that an exhausted Opus week leaves Sonnet alone and takes every Opus id with it.
 *
 * @see https://github.com/router-for-me/CLIProxyAPI/issues/5915 (a whole credential lost for 33.7 h over one bucket)
 */
export function familyOf(model: string): string | undefined {
  const family = /fable|mythos|opus|sonnet|haiku/.exec(model.toLowerCase())?.[0]
  return family === undefined ? undefined : FAMILY + family
}

const FAMILY = 'family:'

/** Whether a node's name is that of a family, and not of a model. */
export function isFamily(name: string): boolean {
  return name.startsWith(FAMILY)
}

/** Which node an exhausted quota closes, by the claim that the upstream named. Claims that are not listed: the model. */
export function pathOfClaim(target: Target, claim: string | undefined): NodePath | undefined {
  const { provider, credential } = target
  if (credential === null) return undefined
  const closes = claim !== undefined && Object.hasOwn(claims, claim) ? claims[claim] : undefined
  if (closes === 'credential') return { provider, credential, model: null }
  return { provider, credential, model: closes ?? target.model }
}

/** @see https://code.claude.com/docs (the unified rate-limit headers name one representative claim) */
const claims: Readonly<Record<string, string>> = {
  five_hour: 'credential',
  seven_day: 'credential',
  seven_day_opus: 'family:opus',
  seven_day_sonnet: 'family:sonnet',
  seven_day_overage_included: 'family:fable',
}
