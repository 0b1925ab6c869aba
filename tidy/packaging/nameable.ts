import ts from 'typescript'

/**
 * Types in the signatures of a package's public functions that its users cannot import: they could call the function, but not
 * write down what it takes or gives.
 *
 * @param declarations the text of `dist/index.d.ts`, one file with everything in it.
 * @returns `openLogin: LoginPolicy`, in the order of the file.
 */
export function unnamedTypes(declarations: string): string[] {
  const source = ts.createSourceFile('index.d.ts', declarations, ts.ScriptTarget.ES2022, true)
  const shown = new Set<string>()
  const known = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isExportSpecifier(node)) shown.add((node.propertyName ?? node.name).text)
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) known.add(node.name.text)
    else ts.forEachChild(node, visit)
  }
  visit(source)
  return source.statements.filter(ts.isFunctionDeclaration).flatMap((statement) => {
    const name = statement.name?.text ?? ''
    if (!shown.has(name)) return []
    return [...new Set(typesIn(statement))]
      .filter((type) => known.has(type) && !shown.has(type))
      .map((type) => `${name}: ${type}`)
  })
}

function typesIn(node: ts.Node): string[] {
  const own = ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName) ? [node.typeName.text] : []
  const below: string[] = []
  ts.forEachChild(node, (child) => {
    below.push(...typesIn(child))
  })
  return [...own, ...below]
}
