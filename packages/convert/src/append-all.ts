/**
 * Puts all of `more` behind `list`. A spread would make an argument of each, and a list may have more members than the
 * stack takes arguments.
 */
export function appendAll<T>(list: T[], more: readonly T[]): void {
  for (const one of more) list.push(one)
}
