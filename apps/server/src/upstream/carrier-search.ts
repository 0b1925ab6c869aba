/**
 * Whether a request body may hold reasoning that lb itself carried for another vendor (`"signature":"lb1.…"`).
 *
 * Asked for every request to an Anthropic endpoint, so it must cost next to nothing. Every carrier that lb writes begins with
 * the same JSON, hence with the same text; from its first rare letter on that text is found at the speed of memory: 2 µs in
 * a body of 160 KB, where a search for `"lb1.` takes 50. What somebody made up, or damaged, in lb's name is looked for in
 * bodies where that costs as little.
 *
 * A hit means that the body must be looked into, no more: somebody may have written about it.
 */
export function mayHoldCarrier(body: Buffer): boolean {
  return body.includes(CARRIER_HEAD) || (body.length <= SMALL_BODY_BYTES && body.includes(CARRIER_PREFIX))
}

/** `{"v":1,"p":"` in base64url, behind its `ey`: `J` is rare in text, `e` and `y` are not. */
const CARRIER_HEAD = Buffer.from(Buffer.from('{"v":1,"p":"').toString('base64url').slice(2))
const CARRIER_PREFIX = Buffer.from('"lb1.')
const SMALL_BODY_BYTES = 32 << 10
