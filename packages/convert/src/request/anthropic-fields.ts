import type { Anthropic } from '@lb/protocol'
import type { LossCode } from '../losses.ts'
import type { Run } from './run.ts'

/**
 * The members of an Anthropic request that no other dialect has. Each is one row: when it says something, what is lost or
 * refused with it.
 */
interface Row {
  readonly says: (value: unknown) => boolean
  readonly loss: LossCode
  readonly detail?: string
}

const isSet = (value: unknown): boolean => value !== null

const rows: Readonly<Record<string, Row>> = {
  speed: { says: (value) => value === 'fast', loss: 'speed_dropped' },
  context_management: { says: isSet, loss: 'context_management_dropped' },
  compaction: { says: isSet, loss: 'context_management_dropped', detail: 'compaction' },
  inference_geo: { says: isSet, loss: 'inference_geo_dropped' },
  fallbacks: { says: isSet, loss: 'feature_dropped' },
  fallback_credit_token: { says: isSet, loss: 'feature_dropped' },
  billing_policy: { says: isSet, loss: 'feature_dropped' },
  diagnostics: { says: isSet, loss: 'feature_dropped' },
  user_profile_id: { says: isSet, loss: 'feature_dropped' },
  workspace_id: { says: isSet, loss: 'feature_dropped' },
  betas: { says: isSet, loss: 'feature_dropped' },
  // A new thread has its history in the request; `refuseFields` looks at the rest.
  thread: { says: () => false, loss: 'feature_dropped' },
}

/** Members that are converted elsewhere. */
const converted: ReadonlySet<string> = new Set([
  'model',
  'max_tokens',
  'messages',
  'system',
  'stream',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
  'metadata',
  'service_tier',
  'cache_control',
  'container',
  'mcp_servers',
])

/** Reports every member that cannot be carried over, known or not. */
export function reportFields(request: Anthropic.Request, run: Run): void {
  for (const [name, value] of Object.entries(request)) {
    if (converted.has(name) || value === undefined) continue
    const row = Object.hasOwn(rows, name) ? rows[name] : undefined
    if (row === undefined) run.notes.loss('unknown_field', `/${name}`, name)
    else if (row.says(value)) {
      // A loss that has a code of its own needs no name.
      run.notes.loss(row.loss, `/${name}`, row.detail ?? (row.loss === 'feature_dropped' ? name : undefined))
    }
  }
  const { task_budget, format } = request.output_config ?? {}
  const { type } = format ?? request.output_format ?? {}
  if (type !== undefined && type !== 'json_schema') run.notes.loss('feature_dropped', '/output_config/format', type)
  if (task_budget !== undefined && task_budget !== null)
    run.notes.loss('task_budget_dropped', '/output_config/task_budget')
}

/** Refuses what would be answered wrongly rather than less well. */
export function refuseFields(request: Anthropic.Request, run: Run): void {
  const { notes, options } = run
  if (request.thread?.type === 'continue') {
    notes.refuse(
      'thread_not_supported',
      '/thread',
      'a continued thread has no history that could be sent; send all messages',
    )
  }
  if (options.refuseInferenceGeo === true && request['inference_geo'] != null) {
    notes.refuse(
      'inference_geo_not_supported',
      '/inference_geo',
      'this provider does not let the caller choose where to compute',
    )
  }
  if (request.max_tokens === 0) {
    notes.refuse('cache_warming_not_supported', '/max_tokens', 'a request of 0 tokens cannot be sent to this provider')
  }
  const dropsServerTools = options.serverTools !== undefined && options.serverTools !== 'reject'
  if (request.container !== undefined && request.container !== null) {
    if (dropsServerTools) notes.loss('server_tool_dropped', '/container', 'container')
    else
      notes.refuse(
        'container_not_supported',
        '/container',
        'containers cannot be sent to another provider; leave it out',
      )
  }
  for (const [index, server] of (request.mcp_servers ?? []).entries()) {
    if (server.tool_configuration?.enabled === false) continue
    const path = `/mcp_servers/${index}`
    if (dropsServerTools) notes.loss('server_tool_dropped', path, 'mcp_servers')
    else
      notes.refuse(
        'mcp_not_supported',
        path,
        `the MCP server ${server.name} cannot be reached by this provider; connect to it yourself`,
      )
  }
}
