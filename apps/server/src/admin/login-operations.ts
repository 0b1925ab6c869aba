import * as v from 'valibot'
import { oauthRoutes } from '../oauth/index.ts'
import type { Operation, Replies } from './api-route.ts'
import {
  loginListSchema,
  loginRefusalSchema,
  loginRemovedSchema,
  loginStartedSchema,
  renewedSchema,
  signedInSchema,
} from './login-schema.ts'

type Described = Pick<Operation, 'id' | 'summary' | 'description' | 'queryParameters' | 'body' | 'replies'>

const email = v.pipe(v.string(), v.description('The e-mail or name of an account, in any case'))

const said = (description: string): v.GenericSchema<string | undefined> =>
  v.optional(v.pipe(v.string(), v.description(description)))

/** 200, and the refusals; 404 also while stored logins are off. */
function answers(schema: v.GenericSchema, refusals: readonly number[] = []): Replies {
  const refused = [...new Set([404, 500, ...refusals])].sort()
  return {
    200: { description: 'Done.', schema },
    ...Object.fromEntries(
      refused.map((status) => [status, { description: why[status] ?? '', schema: loginRefusalSchema }]),
    ),
  }
}

const why: Readonly<Record<number, string>> = {
  400: 'Something is missing, or the code cannot be used.',
  404: 'There is no such login, or stored logins are off.',
  415: 'The body is no JSON.',
  500: 'lb failed, or the provider did.',
  502: 'The provider refused or did not answer.',
}

const starting: Omit<Described, 'id' | 'summary'> = {
  queryParameters: { account: said('The account that is to sign in; somebody else is then refused') },
  replies: answers(loginStartedSchema),
}

const authorizing: Pick<Described, 'description' | 'replies'> = {
  description: 'A browser is sent on to the provider; a program gets the address.',
  replies: { ...answers(loginStartedSchema), 302: { description: 'To the provider.' } },
}

const page = { description: 'A page that says how it went.', contentType: 'text/html; charset=utf-8' }

const comingBack: Pick<Described, 'description' | 'queryParameters' | 'replies'> = {
  description: 'The provider sends the browser here. What admits it is the single-use `state` that it brings.',
  queryParameters: { code: said('From the provider'), state: said('From `login_url`'), error: said('The provider’s') },
  replies: {
    200: page,
    400: page,
    404: { description: why[404] ?? '', schema: loginRefusalSchema },
    500: { description: why[500] ?? '', schema: loginRefusalSchema },
  },
}

const exchanging: Pick<Described, 'body' | 'replies'> = {
  body: v.pipe(
    v.object({
      code: v.pipe(v.string(), v.description('`CODE#STATE`, or the whole address at which the browser ended')),
      account_email: v.string(),
    }),
    v.title('PastedCode'),
  ),
  replies: answers(signedInSchema, [400, 415, 502]),
}

const renewing: Pick<Described, 'replies'> = { replies: answers(renewedSchema) }

const removing: Pick<Described, 'replies'> = { replies: answers(loginRemovedSchema) }

const described: ReadonlyMap<string, Described> = new Map<string, Described>([
  ['GET /oauth/status', { id: 'getLogins', summary: 'Who is signed in', replies: answers(loginListSchema) }],
  ['GET /oauth/authorize', { ...starting, id: 'authorize', summary: 'Begin a login', ...authorizing }],
  ['GET /oauth/callback', { id: 'finishLogin', summary: 'Where the browser comes back', ...comingBack }],
  ['GET /oauth/generate-url', { ...starting, id: 'generateLoginUrl', summary: 'Begin a login, with a code to paste' }],
  ['POST /oauth/exchange-code', { id: 'exchangeCode', summary: 'Finish a login with a pasted code', ...exchanging }],
  ['POST /oauth/refresh/:email', { id: 'refreshLogin', summary: 'Renew the tokens of an account', ...renewing }],
  ['DELETE /oauth/tokens/:email', { id: 'removeLogin', summary: 'Sign an account out', ...removing }],
  [
    'DELETE /oauth/tokens',
    { id: 'removeLogins', summary: 'Sign everybody out', replies: answers(loginRemovedSchema, [500]) },
  ],
])

/**
 * The operations of stored logins. They are answered by the OAuth rooms, whose table says what there is; here is only what the
 * document says of them.
 */
export const loginOperations: readonly Operation[] = oauthRoutes(undefined).map(({ method, path, access }) => {
  const own = described.get(`${method} ${path}`)
  if (own === undefined) throw new Error(`nobody has described ${method} ${path}`)
  const shown = path.replace(/:(\w+)/g, '{$1}')
  const parameters = shown === path ? {} : { pathParameters: { email } }
  return { method, path: shown, access: access === 'state' ? 'open' : 'admin', group: 'Logins', ...parameters, ...own }
})
