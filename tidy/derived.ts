import { posix } from 'node:path'
import { edgesOf } from './laws/floors.ts'
import { fileAt, type Repository, type TextFile } from './repository.ts'
import { publicNames } from './surface.ts'

/**
 * Files that are computed from the rest of the repository and committed, so that a change shows in the diff and cannot
 * rot. `pnpm fix:derived` writes them; a law compares them.
 */
export function derivedFiles(repository: Repository): TextFile[] {
  return [
    { path: 'docs/graph.md', text: graph(repository) },
    { path: 'docs/decisions/README.md', text: decisionIndex(repository) },
    ...apiLists(repository),
  ]
}

function graph(repository: Repository): string {
  const id = (dir: string): string => posix.basename(dir)
  const floors = [
    { title: 'tools', floor: 'tool' },
    { title: 'apps: wait, read clocks, open sockets', floor: 'app' },
    { title: 'packages: pure', floor: 'pure' },
  ] as const
  const boxes = floors.flatMap(({ title, floor }) => {
    const dirs = sorted(repository.workspaces.filter((workspace) => workspace.floor === floor).map(({ dir }) => dir))
    return dirs.length === 0 ? [] : [`  subgraph "${title}"`, ...dirs.map((dir) => `    ${id(dir)}[${dir}]`), '  end']
  })
  const arrows = edgesOf(repository).map(
    ({ from, to, testOnly }) => `  ${id(from)} ${testOnly ? '-.->' : '-->'} ${id(to)}`,
  )
  return [
    '# Who depends on whom',
    '',
    'Computed from the `package.json` files by `pnpm fix:derived`. A dotted arrow is used by tests only.',
    'Packages know `protocol` and nothing else of ours; see [the house rules](house-style.md).',
    '',
    '```mermaid',
    'flowchart TD',
    ...boxes,
    ...sorted(arrows),
    '```',
    '',
  ].join('\n')
}

function decisionIndex(repository: Repository): string {
  const decisions = repository.files.filter(({ path }) => /^docs\/decisions\/\d{4}-.*\.md$/.test(path))
  const rows = decisions.map(({ path, text }) => {
    const file = posix.basename(path)
    const title = (text.match(/^# (?:\d+\. )?(.*)$/m)?.[1] ?? file).trim()
    return `| [${file.slice(0, 4)}](${file}) | ${title} |`
  })
  return [
    '# Decisions',
    '',
    'One page each: context, decision, consequences, alternatives. A better answer is a new page that says why.',
    'This index is computed by `pnpm fix:derived`.',
    '',
    '| | decision |',
    '|---|---|',
    ...sorted(rows),
    '',
  ].join('\n')
}

function apiLists(repository: Repository): TextFile[] {
  return repository.workspaces.flatMap(({ dir, name, floor }) => {
    const index = fileAt(repository, `${dir}/src/index.ts`)
    if (floor !== 'pure' || index === undefined) return []
    const names = publicNames(repository, index).map(({ kind, name: exported }) => `${kind} ${exported}`)
    const head = [
      `# The public names of ${name}. Computed by \`pnpm fix:derived\`: a line here is a promise to users.`,
      '',
    ]
    return [{ path: `${dir}/api.txt`, text: [...head, ...names, ''].join('\n') }]
  })
}

function sorted(lines: readonly string[]): string[] {
  return [...lines].sort()
}
