import * as v from 'valibot'

/** The bodies of `/oauth/…` when all went well: the predecessor's members, and after them lb's own. Times are epoch seconds. */

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const success = v.literal('success')
const epochSeconds = v.nullable(v.pipe(v.number(), v.description('Epoch seconds; `null`: never, or not known')))
const inWords = v.pipe(v.string(), v.description('For people'))
const preview = v.pipe(
  v.string(),
  v.description('The beginning of a hash, to tell tokens apart by: no part of the token'),
)

/** What is said of when an account's access token ends. */
const ending = {
  expires_at: epochSeconds,
  expires_in_seconds: v.nullable(count),
  expires_in_minutes: v.nullable(count),
  expires_in_human: inWords,
}

const loginSchema = v.pipe(
  v.object({
    account_email: v.string(),
    account_name: v.exactOptional(v.string()),
    account_id: v.string(),
    organization: v.nullable(v.string()),
    index: count,
    is_current: v.pipe(v.boolean(), v.description('It was used last')),
    created_at: v.number(),
    ...ending,
    is_expired: v.pipe(v.boolean(), v.description('It ends within 5 minutes')),
    will_expire_soon: v.pipe(v.boolean(), v.description('It ends within 15 minutes')),
    is_healthy: v.pipe(v.boolean(), v.description('Whether a request would be sent with it now')),
    access_token_preview: preview,
    refresh_token_preview: preview,
    scopes: v.array(v.string()),
    scope_count: count,
    usage_count: count,
    last_used: inWords,
    last_used_timestamp: epochSeconds,
    state: v.picklist(['fresh', 'due', 'refreshing', 'barred', 'needs-login']),
    reason: v.nullable(v.pipe(v.string(), v.description('Why it needs a login'))),
    rotation: v.pipe(count, v.description('How often its tokens were renewed since the login')),
    unsaved: v.pipe(v.boolean(), v.description('Its tokens are in memory only, because they cannot be saved')),
    quota_used: v.pipe(v.record(v.string(), v.number()), v.description('The used part of each allowance, in [0, 1]')),
  }),
  v.title('Login'),
)

/** The body of `GET /oauth/status`. */
export const loginListSchema: v.GenericSchema = v.pipe(
  v.object({
    system: v.object({
      oauth_manager_status: v.literal('active'),
      current_time: v.number(),
      current_time_iso: v.string(),
      timezone: v.string(),
      storage: v.pipe(v.string(), v.description('Where the logins are kept')),
    }),
    summary: v.object({
      total_tokens: count,
      healthy_tokens: count,
      expired_tokens: count,
      expiring_soon: count,
      needs_login: count,
      current_token_index: v.nullable(count),
      rotation_enabled: v.pipe(v.boolean(), v.description('There is more than one')),
    }),
    active_token: v.nullable(
      v.object({
        account_email: v.string(),
        expires_in_human: inWords,
        is_healthy: v.boolean(),
        scopes: v.array(v.string()),
      }),
    ),
    tokens: v.array(loginSchema),
    other_authorities: v.pipe(
      v.array(v.string()),
      v.description('Accounts that are kept for other providers of logins'),
    ),
  }),
  v.title('LoginList'),
)

/** The body of `GET /oauth/authorize` for programs, and of `GET /oauth/generate-url`. */
export const loginStartedSchema: v.GenericSchema = v.pipe(
  v.object({
    status: success,
    login_url: v.pipe(v.string(), v.description('To be opened in a browser')),
    instructions: v.pipe(v.record(v.string(), v.string()), v.description('`step_1`, `step_2`, …')),
    callback_format: v.string(),
    exchange_example: v.pipe(v.string(), v.description('A command line')),
    expires_in_minutes: count,
    redirect_uri: v.string(),
  }),
  v.title('LoginStarted'),
)

/** The body of `POST /oauth/exchange-code`. */
export const signedInSchema: v.GenericSchema = v.pipe(
  v.object({
    status: success,
    message: v.string(),
    account_email: v.string(),
    account_name: v.exactOptional(v.string()),
    expires_at: epochSeconds,
    expires_in_human: inWords,
    scopes: v.array(v.string()),
    warning: v.exactOptional(v.pipe(v.string(), v.description('It could not be saved'))),
  }),
  v.title('SignedIn'),
)

/** The body of `POST /oauth/refresh/{email}`. */
export const renewedSchema: v.GenericSchema = v.pipe(
  v.object({
    status: success,
    message: v.string(),
    account_email: v.string(),
    account_id: v.string(),
    ...ending,
    access_token_preview: preview,
    scopes: v.array(v.string()),
    refreshed_at: v.number(),
    rotation: count,
    unsaved: v.boolean(),
  }),
  v.title('Renewed'),
)

/** The body of `DELETE /oauth/tokens` and `DELETE /oauth/tokens/{email}`. */
export const loginRemovedSchema: v.GenericSchema = v.pipe(
  v.object({ status: success, message: v.string() }),
  v.title('LoginDone'),
)

/** The body of every refusal. */
export const loginRefusalSchema: v.GenericSchema = v.pipe(
  v.object({
    error: v.string(),
    details: v.exactOptional(v.string()),
    reason: v.exactOptional(v.pipe(v.string(), v.description('A word for programs'))),
  }),
  v.title('LoginRefusal'),
)
