/**
 * Loops are found by the standard's own means: every lb adds itself to `Via`, and counts how often lb is in it already. What
 * other proxies wrote there is not passed on, since the way to lb is no concern of a vendor.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-7.6.3
 */

/** Through how many lbs a request may have come. A team's lb behind a laptop's lb is two; nobody builds four on purpose. */
export const HOPS_MAX = 3

/** lb as a `Via` names it: what it received by, and who it is. */
const own = '1.1 lb'
const ownEntry = /(?:^|,)[ \t]*(?:[\w.-]+\/)?[\w.-]+[ \t]+lb(?=[ \t]*(?:,|\(|$))/gi

/** How many lbs a request came through. */
export function hopsOf(via: string | undefined): number {
  return via === undefined ? 0 : (via.match(ownEntry)?.length ?? 0)
}

/** The header for the next hop, after `hops` lbs before this one. */
export function viaAfter(hops: number): string {
  return hops === 0 ? own : Array.from({ length: hops + 1 }, () => own).join(', ')
}
