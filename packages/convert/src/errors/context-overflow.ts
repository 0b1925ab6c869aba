/**
 * The wording that makes Claude Code compact a conversation instead of giving up: `prompt is too long: N tokens > M
 * maximum`, or the other one, which makes it ask for a shorter answer. The upstream's own words follow.
 */
export function overflowMessage(message: string): string {
  if (message.startsWith('prompt is too long')) return message
  const both = promptAndAnswer.map((pattern) => pattern.exec(message)?.groups).find((groups) => groups !== undefined)
  if (both !== undefined) {
    const { prompt = '', answer = '', limit = '' } = both
    // Only where the prompt alone would have fitted does a shorter answer help.
    if (numberOf(prompt) <= numberOf(limit)) {
      return `input length and \`max_tokens\` exceed context limit: ${numberOf(prompt)} + ${numberOf(answer)} > ${numberOf(limit)}, decrease input length or \`max_tokens\` and try again (${message})`
    }
    return tooLong(numberOf(prompt), numberOf(limit), message)
  }
  const one = promptOnly.map((pattern) => pattern.exec(message)?.groups).find((groups) => groups !== undefined)
  if (one === undefined) return `prompt is too long (${message})`
  const { prompt = '', limit = '' } = one
  return tooLong(numberOf(prompt), numberOf(limit), message)
}

function tooLong(tokens: number, limit: number, message: string): string {
  return `prompt is too long: ${tokens} tokens > ${limit} maximum (${message})`
}

function numberOf(digits: string): number {
  return Number(digits.replaceAll(',', ''))
}

const N = String.raw`[\d,]*\d`

/** Messages that name the prompt, the wished answer and the window. */
const promptAndAnswer: readonly RegExp[] = [
  // Together, before it counts
  new RegExp(`must be <= (?<limit>${N})\\. Given: (?<prompt>${N}) .inputs. tokens and (?<answer>${N}) `, 'is'),
  // OpenAI, vLLM, Together
  new RegExp(
    `maximum context length is (?<limit>${N}) tokens.{0,60}requested ${N} tokens \\((?<prompt>${N}) (?:in|of) .{0,60}?(?<answer>${N}) (?:in|of) the (?:completion|output)`,
    'is',
  ),
  // newer vLLM
  new RegExp(
    `too large: (?<answer>${N})\\. .{0,20}maximum context length is (?<limit>${N}) tokens and your request has (?<prompt>${N}) input tokens`,
    'is',
  ),
  // Together: the window first
  new RegExp(
    `maximum context length (?:is|of) (?<limit>${N}) tokens.{0,80}?(?<prompt>${N}) (?:input )?tokens? (?:from|in) the input.{0,20}?(?<answer>${N}) tokens? for the completion`,
    'is',
  ),
  // Groq, Fireworks, DeepSeek: the window last
  new RegExp(
    `(?<prompt>${N}) (?:input )?tokens? (?:from|in) the input.{0,20}?(?<answer>${N}) tokens? for the completion.{0,80}?(?<limit>${N})`,
    'is',
  ),
]

/** Messages that name the prompt and the window. */
const promptOnly: readonly RegExp[] = [
  // Moonshot
  new RegExp(`token limit: (?<limit>${N}) \\(requested: (?<prompt>${N})`, 'is'),
  // xAI
  new RegExp(`maximum prompt length is (?<limit>${N}) but the request contains (?<prompt>${N})`, 'is'),
  // GitHub Copilot
  new RegExp(`token count of (?<prompt>${N}) exceeds the limit of (?<limit>${N})`, 'is'),
  // Mistral
  new RegExp(`contains (?<prompt>${N}) tokens.{0,60}too large for model with (?<limit>${N})`, 'is'),
  // SGLang
  new RegExp(`\\((?<prompt>${N}) tokens\\) is longer than the model'?s context length \\((?<limit>${N})`, 'is'),
  // Cerebras
  new RegExp(`current length is (?<prompt>${N}) while limit is (?<limit>${N})`, 'is'),
  // Fireworks
  new RegExp(`too long: (?<prompt>${N}), model maximum context length: (?<limit>${N})`, 'is'),
  new RegExp(
    `maximum context length (?:is|of) (?<limit>${N}) tokens.{0,80}?(?:resulted in|requested|has|contains|about) (?<prompt>${N})`,
    'is',
  ),
  new RegExp(
    `input token count \\((?<prompt>${N})\\) exceeds the maximum number of tokens allowed \\(?(?<limit>${N})`,
    'is',
  ),
  new RegExp(`(?<prompt>${N}) tokens > (?<limit>${N})`, 'is'),
  new RegExp(
    `request \\((?<prompt>${N}) tokens\\) exceeds the available context size \\((?<limit>${N}) tokens\\)`,
    'is',
  ),
  new RegExp(
    `prompt (?:has|contains|is) (?<prompt>${N}) tokens.{0,80}(?:limit|maximum|context).{0,30}?(?<limit>${N})`,
    'is',
  ),
]
