import { type Anthropic, err, type OpenAiErrorBody, type Result, type ShapeProblem } from '@lb/protocol'
import type { ConversionContext } from '../context.ts'
import type { Loss, LossCode } from '../losses.ts'
import { nestingProblem } from '../nesting.ts'
import type { Notes } from '../notes.ts'
import { bracketed, dotted, type Refusal, type RefusalCode } from '../refusal.ts'

/** A converted request. */
export interface ConvertedRequest<T, Context = ConversionContext> {
  /** The body for the target; write it with `stringifyJson`, because parts of it may be raw text. */
  readonly value: T
  /** What was lost on the way. */
  readonly losses: readonly Loss[]
  /** What the conversion of the answer needs. */
  readonly context: Context
}

/** The client's own form of an error. */
export interface ErrorShape {
  /** A JSON pointer as the client's API writes paths. */
  readonly pathOf: (pointer: string) => string
  readonly bodyOf: (message: string, path: string) => Anthropic.ErrorBody | OpenAiErrorBody
}

/** Anthropic's: the path stands in the message. */
export const anthropicShape: ErrorShape = {
  pathOf: dotted,
  bodyOf: (message) => ({ type: 'error', error: { type: 'invalid_request_error', message }, request_id: null }),
}

/** OpenAI's: the path stands in `param`, too. */
export const openAiShape: ErrorShape = {
  pathOf: bracketed,
  bodyOf: (message, path) => ({
    error: { message, type: 'invalid_request_error', param: path === '' ? null : path, code: null },
  }),
}

/** Believes that a body is a request, or refuses it: a body that is none, or one that nests too deeply to be walked. */
export function readRequest<T>(
  body: unknown,
  parse: (body: unknown) => Result<T, ShapeProblem>,
  shape: ErrorShape,
): Result<T, Refusal> {
  const nesting = nestingProblem(body)
  const parsed = nesting === undefined ? parse(body) : err(nesting)
  if (parsed.ok) return parsed
  const { path, expected } = parsed.error
  return err(refusal({ code: 'invalid_request', path, message: `expected ${expected}` }, [], [], shape))
}

/** What strict mode refuses. */
export type Strictness = boolean | readonly LossCode[] | undefined

/** The end of a request conversion: the value, or the first reason against it. */
export function concluded<T, Context>(
  converted: { readonly value: T; readonly context: Context },
  notes: Notes,
  ending: { readonly strict: Strictness; readonly urls: readonly string[]; readonly errorShape: ErrorShape },
): Result<ConvertedRequest<T, Context>, Refusal> {
  const losses = notes.losses()
  const refused = notes.refused() ?? refusedLoss(losses, ending.strict)
  if (refused === undefined) return { ok: true, value: { ...converted, losses } }
  return { ok: false, error: refusal(refused, losses, ending.urls, ending.errorShape) }
}

/** The loss that strict mode refuses, as a reason. */
export function refusedLoss(losses: readonly Loss[], strict: Strictness): Reason | undefined {
  if (strict === undefined || strict === false) return undefined
  const loss = losses.find(({ code }) => strict === true || strict.includes(code))
  return loss === undefined
    ? undefined
    : { code: 'loss_refused', path: loss.path, message: `refused in strict mode: ${loss.code}` }
}

/** Why a conversion was refused. */
export interface Reason {
  readonly code: RefusalCode
  readonly path: string
  readonly message: string
}

/** A refusal in the client's own error shape. */
export function refusal(
  reason: Reason,
  losses: readonly Loss[],
  urls: readonly string[],
  errorShape: ErrorShape,
): Refusal {
  const path = errorShape.pathOf(reason.path)
  const message = path === '' ? reason.message : `${path}: ${reason.message}`
  return {
    code: reason.code,
    path: reason.path,
    message,
    status: 400,
    body: errorShape.bodyOf(message, path),
    urls,
    losses,
  }
}
