import {
  fullBudget,
  openThrottle,
  type RetryBudget,
  refuseChance,
  retryTokens,
  stepBudget,
  stepThrottle,
  type Throttle,
} from '@lb/router'

/** What all requests together may still do to upstreams that are in trouble: how many retries, and how many waiters. */
export class RequestBudgets {
  #retries: RetryBudget = fullBudget
  #throttle: Throttle = openThrottle

  /** A request begins. @returns the chance with which the local throttle refuses it when nobody is available. */
  begun(): number {
    this.#retries = stepBudget(this.#retries, 'request')
    return refuseChance(this.#throttle)
  }

  /** An upstream was asked for a request, for the first time. */
  asked(nowMs: number): void {
    this.#throttle = stepThrottle(this.#throttle, 'asked', nowMs)
  }

  /** An upstream accepted a request: what answers can bear more. */
  answered(nowMs: number): void {
    this.#throttle = stepThrottle(this.#throttle, 'accept', nowMs)
    this.#retries = stepBudget(this.#retries, 'answered')
  }

  retryTokens(): number {
    return retryTokens(this.#retries)
  }

  retryStarted(): void {
    this.#retries = stepBudget(this.#retries, 'retry-started')
  }

  retryEnded(): void {
    this.#retries = stepBudget(this.#retries, 'retry-ended')
  }
}
