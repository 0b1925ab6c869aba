import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const page = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))

/** Puts a table into docs/performance.md, between `<!-- name -->` and `<!-- /name -->`. Throws when it has no such place. */
export function writeSection(name: string, text: string): void {
  const before = readFileSync(page, 'utf8')
  const place = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`)
  if (!place.test(before)) throw new Error(`docs/performance.md has no <!-- ${name} --> section`)
  writeFileSync(
    page,
    before.replace(place, (_, open: string, close: string) => `${open}${text}\n${close}`),
  )
}

/** The one in the middle. */
export function median(samples: readonly number[]): number {
  return [...samples].sort((a, b) => a - b)[samples.length >> 1] ?? 0
}

/** `median (least–most)` */
export function span(samples: readonly number[], digits: number): string {
  return `${median(samples).toFixed(digits)} (${Math.min(...samples).toFixed(digits)}–${Math.max(...samples).toFixed(digits)})`
}
