/**
 * Where the OAuth half tells what happened. Every message begins with `oauth:`, so that
 * `jq 'select(.message | contains("oauth"))'` finds them. Fields are a closed set of plain values: there is no way to hand a
 * token over by accident.
 *
 * @param event one word for the kind of thing, for metrics and tests.
 */
export type OAuthLog = (
  level: 'info' | 'warn' | 'error',
  event: string,
  message: string,
  fields?: Readonly<Record<string, string | number | boolean>>,
) => void
