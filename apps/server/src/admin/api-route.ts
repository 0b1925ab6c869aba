import type * as v from 'valibot'
import type { Access } from '../ingress/route.ts'
import type { Caller } from '../keys/caller.ts'
import type { CompiledConfig } from '../state/compiled-config.ts'
import type { House } from '../state/house.ts'

/**
 * One operation of lb's HTTP API: how it is called, what it takes and what it answers, by schemas. The schemas are what the
 * compiler holds the code to, what inputs are checked with, and what `/openapi.json` is made of; so none of the three can
 * say something else than the others.
 */
export interface Operation {
  readonly method: Method
  /** In OpenAPI's form: `/providers/{name}/enable`. */
  readonly path: string
  readonly access: Access
  /** For programs: the name of the function in a generated client. */
  readonly id: string
  readonly group: Group
  /** One sentence without a full stop. */
  readonly summary: string
  /** More, in Markdown. */
  readonly description?: string
  /** By name; each has a description. */
  readonly pathParameters?: Readonly<Record<string, v.GenericSchema>>
  readonly queryParameters?: Readonly<Record<string, v.GenericSchema>>
  /** Of a JSON body. */
  readonly body?: v.GenericSchema
  /** By status. */
  readonly replies: Replies
}

/** An operation that is answered here. */
export interface ApiRoute extends Operation {
  answer(house: House, request: ApiRequest): Reply | Promise<Reply>
}

export type Method = 'GET' | 'POST' | 'DELETE'

/** The chapters of the API. */
export type Group = keyof typeof groups

/** What each chapter is about, in the order in which they are shown. */
export const groups: Readonly<
  Record<'Models' | 'Health' | 'Providers' | 'Requests' | 'Usage' | 'Logins' | 'Documentation', string>
> = {
  Models: 'What clients ask for: answers of models.',
  Health: 'How lb itself is.',
  Providers: 'How the providers are, and what an operator can do with them.',
  Requests: 'What the last requests went through.',
  Usage: 'Who used what, and what it cost.',
  Logins: 'Stored logins of OAuth providers.',
  Documentation: 'This document.',
}

export type Replies = Readonly<Record<number, ReplySpec>>

/** What an answer with one status holds. */
export interface ReplySpec {
  readonly description: string
  /** Of the JSON body. */
  readonly schema?: v.GenericSchema
  /** For what is not JSON. */
  readonly contentType?: string
  /** It may come as an event stream instead. */
  readonly stream?: true
}

/** A request as an operation sees it: its parameters, checked. */
export interface ApiRequest extends Asked {
  readonly path: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
}

/** Who asks, and what for, beside the parameters. */
export interface Asked {
  readonly caller: Caller
  /** The configuration that this request uses, to its end. */
  readonly compiled: CompiledConfig
  /** The request target's query, with what no parameter names. */
  readonly search: URLSearchParams
  /** The header; empty when there is none. */
  readonly accept: string
}

/** An answer: a JSON body, or a text of another type. */
export interface Reply {
  readonly status: number
  readonly body: unknown
  /** Where it is another than the operation's, e.g. because the client asked for it. */
  readonly contentType?: string
  /** Beside those that every answer has. */
  readonly headers?: Readonly<Record<string, string>>
}

type Parameters = Readonly<Record<string, v.GenericSchema>>
type Values<P> = { readonly [Name in keyof P]: P[Name] extends v.GenericSchema ? v.InferOutput<P[Name]> : never }

/** As a schema says it, but nobody may change it. */
type Fixed<T> = T extends readonly (infer Item)[]
  ? readonly Fixed<Item>[]
  : T extends object
    ? { readonly [Name in keyof T]: Fixed<T[Name]> }
    : T

/** The answers that a spec allows: each status with its own body. */
type ReplyOf<R> = {
  [Status in keyof R]: {
    readonly status: Status
    readonly headers?: Readonly<Record<string, string>>
    readonly contentType?: string
    readonly body: R[Status] extends { readonly schema: infer S extends v.GenericSchema }
      ? Fixed<v.InferOutput<S>>
      : string
  }
}[keyof R]

interface Spec<P extends Parameters, Q extends Parameters, R extends Replies> extends Operation {
  readonly pathParameters?: P
  readonly queryParameters?: Q
  readonly replies: R
}

type Answer<P, Q, R> = (
  house: House,
  request: Asked & { readonly path: Values<P>; readonly query: Values<Q> },
) => ReplyOf<R> | Promise<ReplyOf<R>>

type None = Readonly<Record<never, never>>

/** Makes a route of what it promises and what answers it. The types of parameters and answers are those of its schemas. */
export function apiRoute<P extends Parameters = None, Q extends Parameters = None, R extends Replies = Replies>(
  spec: Spec<P, Q, R>,
  answer: NoInfer<Answer<P, Q, R>>,
): ApiRoute {
  return { ...spec, answer: answer as ApiRoute['answer'] }
}
