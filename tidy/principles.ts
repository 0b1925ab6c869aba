/**
 * The fifteen principles of `docs/house-style.md`, by number. Every law names the one that it guards, and a law checks
 * that the page has exactly these headings.
 */
export const principles = {
  1: 'Decide in packages, wait in apps',
  2: 'Time and chance are arguments',
  3: 'States are a union',
  4: 'The table is the logic',
  5: 'Parse at the edge, once',
  6: 'A codec does not care how bytes were cut',
  7: 'Failures are values with an owner',
  8: 'Conversion never fails silently',
  9: 'The public surface is a list',
  10: 'Every export says shape, unit, default, failure, source',
  11: 'Comments argue, code states',
  12: 'Important things first, one screen at a time',
  13: 'Three kinds of test, beside the code',
  14: 'Every folder answers what and why in a minute',
  15: 'Decide once, in writing, briefly',
} as const

/** The number of a principle. */
export type Principle = keyof typeof principles
