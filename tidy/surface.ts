import { posix } from 'node:path'
import ts from 'typescript'
import { parse } from './code.ts'
import { fileAt, type Repository, type TextFile } from './repository.ts'

/** One public name of a package: where it is declared and what its doc block says. */
export interface PublicName {
  readonly name: string
  /** `type`, `interface`, `function`, `const`, `class`; `unknown` when the declaration was not found. */
  readonly kind: string
  readonly path: string
  readonly line: number
  /** The doc block, with its stars; empty when there is none. */
  readonly doc: string
}

/** The public names of the package whose `src/index.ts` is `index`, sorted; members of a namespace with a dot. */
export function publicNames(repository: Repository, index: TextFile): PublicName[] {
  return exportsOf(index)
    .flatMap((exported) => resolve(repository, index, exported))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Every exported declaration of `file`. */
export function declarationsOf(file: TextFile): PublicName[] {
  return parse(file).statements.flatMap((statement) => (isExported(statement) ? declared(file, statement) : []))
}

/** Where a name comes from: a declaration in the same file, or a name of another module. */
interface Origin {
  /** The name over there; `*` for all of the module, as a namespace. */
  readonly local: string
  /** The module; absent for a declaration in the same file. */
  readonly from?: string
}

interface Export extends Origin {
  readonly name: string
}

function exportsOf(file: TextFile): Export[] {
  const imported = importedNames(file)
  return parse(file).statements.flatMap((statement): Export[] => {
    if (!ts.isExportDeclaration(statement)) {
      return isExported(statement) ? declared(file, statement).map(({ name }) => ({ name, local: name })) : []
    }
    const { exportClause, moduleSpecifier } = statement
    const from = moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined
    if (exportClause === undefined) return []
    if (ts.isNamespaceExport(exportClause)) return [{ name: exportClause.name.text, local: '*', ...(from && { from }) }]
    return exportClause.elements.map(({ name, propertyName }) => {
      const local = (propertyName ?? name).text
      return { name: name.text, ...(from === undefined ? (imported.get(local) ?? { local }) : { local, from }) }
    })
  })
}

/** The names that `file` imports, and their origins. */
function importedNames(file: TextFile): Map<string, Origin> {
  const found = new Map<string, Origin>()
  for (const statement of parse(file).statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue
    const from = statement.moduleSpecifier.text
    const bindings = statement.importClause?.namedBindings
    if (bindings === undefined) continue
    if (ts.isNamespaceImport(bindings)) found.set(bindings.name.text, { local: '*', from })
    else
      for (const { name, propertyName } of bindings.elements)
        found.set(name.text, { local: (propertyName ?? name).text, from })
  }
  return found
}

/** Follows an export from file to file until its declaration is found. */
function resolve(repository: Repository, file: TextFile, { name, local, from }: Export): PublicName[] {
  const lost: PublicName = { name, kind: 'unknown', path: file.path, line: 1, doc: '' }
  if (from === undefined) {
    const declarations = parse(file).statements.flatMap((statement) => declared(file, statement))
    const found = declarations.find((candidate) => candidate.name === local)
    return [found === undefined ? lost : { ...found, name }]
  }
  const target = fileAt(repository, posix.join(posix.dirname(file.path), from))
  if (target === undefined) return [lost]
  const exported = exportsOf(target)
  if (local === '*') {
    return exported.flatMap((member) => resolve(repository, target, { ...member, name: `${name}.${member.name}` }))
  }
  const next = exported.find((candidate) => candidate.name === local)
  return next === undefined ? [lost] : resolve(repository, target, { ...next, name })
}

function declared(file: TextFile, statement: ts.Statement): PublicName[] {
  const source = parse(file)
  const describe = (name: string, kind: string): PublicName => ({
    name,
    kind,
    path: file.path,
    line: source.getLineAndCharacterOfPosition(statement.getStart(source)).line + 1,
    doc: docOf(file, statement),
  })
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => describe(name.getText(source), 'const'))
  }
  if (ts.isFunctionDeclaration(statement)) return [describe(statement.name?.text ?? 'default', 'function')]
  if (ts.isClassDeclaration(statement)) return [describe(statement.name?.text ?? 'default', 'class')]
  if (ts.isInterfaceDeclaration(statement)) return [describe(statement.name.text, 'interface')]
  return ts.isTypeAliasDeclaration(statement) ? [describe(statement.name.text, 'type')] : []
}

function docOf(file: TextFile, statement: ts.Statement): string {
  const ranges = ts.getLeadingCommentRanges(file.text, statement.pos) ?? []
  const last = ranges.at(-1)
  const text = last === undefined ? '' : file.text.slice(last.pos, last.end)
  return text.startsWith('/**') ? text : ''
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : []
  return modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword)
}
