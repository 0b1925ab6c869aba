import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Plugin } from 'esbuild'

/** Writes down whose code a bundle holds, and on which terms: nearly all of them ask to be named with every copy. */
export function thirdPartyLicenses(path: string): Plugin {
  return {
    name: 'third-party licences',
    setup(build) {
      build.initialOptions.metafile = true
      build.onEnd(({ metafile }) => {
        // A build that failed holds nothing.
        if (metafile === undefined) return
        const { absWorkingDir = '.' } = build.initialOptions
        const held = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs))
        const folders = packageFolders(held).map((folder) => join(absWorkingDir, folder))
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, licensesOf(folders))
      })
    },
  }
}

/** The folders of the packages that files come from, each once, sorted by name. Files of our own are in none. */
export function packageFolders(files: readonly string[]): string[] {
  const byName = new Map<string, string>()
  for (const file of files) {
    const [, folder, name] = /^(?:.*:)?(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(`/${file}`) ?? []
    if (folder !== undefined && name !== undefined) byName.set(`${name} ${folder}`, folder.slice(1))
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, folder]) => folder)
}

/** The texts of their licences, one after the other. */
export function licensesOf(folders: readonly string[]): string {
  return folders.map(licenseOf).join(`\n${'-'.repeat(80)}\n\n`)
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly homepage?: string
}

function licenseOf(folder: string): string {
  const { name, version, license, homepage } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as Manifest
  if (license === undefined) throw new Error(`${name} is bundled and does not say its licence`)
  const file = readdirSync(folder).find((entry) => /^licen[cs]e|^copying/i.test(entry))
  const text = file === undefined ? undefined : readFileSync(join(folder, file), 'utf8').trim()
  return `${name} ${version} (${license})\n\n${text ?? `Its package brings no text of it. ${homepage ?? ''}`.trim()}\n`
}
