import { type Json, member, numberMember } from '@lb/protocol'

/**
 * Which choices make up the answer: the first; and those that have nothing but reasoning or the calls that the first has not.
 * A conversion never asks for several answers, yet LiteLLM gives the text of one in the first choice and its calls in the
 * second. What has a text of its own is another answer.
 *
 * @see https://github.com/BerriAI/litellm/pull/33931
 */
export interface ChatChoices {
  /** Whether a choice, or a piece of it, belongs to the answer. */
  has(choice: Json): boolean
}

/** Starts the choices of one answer. */
export function createChatChoices(): ChatChoices {
  const others = new Set<number>()
  /** The choice that the calls come from. */
  let caller: number | undefined

  return {
    has(choice) {
      const index = numberMember(choice, 'index') ?? 0
      const hasCalls = says(choice, callMembers)
      const isOther = says(choice, textMembers) || (hasCalls && (caller ?? index) !== index)
      if (index !== 0 && isOther) others.add(index)
      if (others.has(index)) return false
      if (hasCalls) caller = index
      return true
    },
  }
}

const callMembers = ['tool_calls', 'function_call'] as const
const textMembers = ['content', 'refusal'] as const

function says(choice: Json, names: readonly string[]): boolean {
  const said = [member(choice, 'delta'), member(choice, 'message')]
  return names.some((name) => said.some((one) => isSaid(member(one, name))))
}

function isSaid(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0)
}
