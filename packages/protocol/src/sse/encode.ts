/**
 * Encodes one event as Anthropic sends it: `event: <type>`, `data: <one-line JSON>`, a blank line. The official SDK needs
 * the `event:` line.
 *
 * @param type the event's name; must not hold a line end.
 * @param data one line; JSON text as `JSON.stringify` makes it never holds a line end.
 * @see https://platform.claude.com/docs/en/build-with-claude/streaming
 */
export function encodeSseEvent(type: string, data: string): string {
  return `event: ${type}\ndata: ${data}\n\n`
}

/**
 * Encodes one event without a name, as OpenAI sends it.
 *
 * @see https://platform.openai.com/docs/api-reference/chat-streaming
 */
export function encodeSseData(data: string): string {
  return `data: ${data}\n\n`
}

/** Encodes a comment: bytes on the wire that keep a connection alive and mean nothing. */
export function encodeSseComment(text: string): string {
  return `: ${text}\n\n`
}
