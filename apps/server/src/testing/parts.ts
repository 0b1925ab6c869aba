import { existsSync } from 'node:fs'

/**
 * Whether a part that a test needs is missing on this machine: then the test is left out, and says so. In CI nothing may be
 * missing, or a whole capability would go untested unseen.
 *
 * @param debianPackage what to install.
 * @param places where the part may be; one of them is enough.
 * @throws in CI, when it is in none.
 */
export function isMissing(debianPackage: string, places: readonly string[]): boolean {
  if (places.some((place) => existsSync(place))) return false
  const what = `${debianPackage} is missing (apt-get install ${debianPackage}): looked for ${places.join(', ')}`
  if ((process.env['CI'] ?? '') !== '') throw new Error(what)
  console.warn(`left out: ${what}`)
  return true
}
