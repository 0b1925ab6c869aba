/** What a header holds and every client reads the same way. */
const plain = /^[\x20-\x7e]*$/
const special = /[^\x20-\x7e]|%/gu

/**
 * A text as the value of a header. A name may be written in any script; of one that is not plain ASCII, whatever is not comes
 * percent-encoded as UTF-8 (`官方` is `%E5%AE%98%E6%96%B9`), because Node refuses the header otherwise, and clients do not
 * agree on how to read it. `decodeURIComponent` gives the text back.
 */
export function headerText(text: string): string {
  if (plain.test(text)) return text
  return text.replace(special, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}
