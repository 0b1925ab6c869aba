/**
 * The Claude models that clients may be shown where a pattern such as `claude-*` stands for names that nobody wrote down.
 *
 * The newest of each family and no more: a client that offers models to choose from (Claude Code reads `GET /v1/models`)
 * would have an empty list otherwise, while a longer table would be out of date sooner and would promise retired models. It
 * decides nothing: any other name goes where its route leads.
 *
 * @see https://platform.claude.com/docs/en/about-claude/models/overview
 */
export const claudeModels: Readonly<Record<string, string>> = {
  'claude-fable-5-2': 'Claude Fable 5.2',
  'claude-opus-5-5': 'Claude Opus 5.5',
  'claude-sonnet-5-5': 'Claude Sonnet 5.5',
  'claude-haiku-5-5': 'Claude Haiku 5.5',
}
