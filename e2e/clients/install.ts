/**
 * Installs the clients that are too big to be dependencies, each with its exact version and without running its scripts.
 * What is there already stays: a second run needs no network.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clientFolder, clients } from './clients.ts'

for (const { name, version } of Object.values(clients)) {
  const folder = clientFolder(name, version)
  if (existsSync(join(folder, 'installed'))) continue
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact', `${name}@${version}`]
  const { status } = spawnSync('npm', args, { cwd: folder, stdio: 'inherit' })
  if (status !== 0) throw new Error(`npm could not install ${name}@${version}`)
  writeFileSync(join(folder, 'installed'), '')
}
