import ts from 'typescript'

/**
 * The examples of a Markdown page are programs: a ```ts block that imports from `@lb/…` runs as a test, and each comment
 * `// → value` in it is checked against what the line before the arrow really gives.
 *
 *   decoder.push(bytes)            // → [{ data: 'hi' }]
 *   const plan = planRoute(rules)  // → { candidates: ['a', …], … }    `…` stands for the rest
 *   console.log(plan.kind)         // → 'ready'
 *
 * A value that is too long for the line may go on in the comment lines below. Lines keep their numbers, so that a failure
 * points into the page.
 */
export interface Example {
  /** The page, relative to the root. */
  readonly path: string
  /** The line of the page where the code starts. */
  readonly line: number
  readonly code: string
}

/** The blocks of `page` that run. A block without an import from `@lb/…` is an illustration and does not. */
export function examplesIn(path: string, page: string): Example[] {
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```/gm)]
    .map(({ index, 1: code = '' }) => ({ path, line: page.slice(0, index).split('\n').length + 1, code }))
    .filter(({ code }) => /from '@lb\//.test(code))
}

/** An example with its arrows turned into checks. */
export interface CheckedExample {
  /** TypeScript for the body of an async function, line for line like the example. Calls `__check` and `__rest`. */
  readonly body: string
  /** How many arrows it has. */
  readonly checks: number
  /** Arrows that could not be understood, with the line of the page. Such an example must not pass. */
  readonly problems: readonly string[]
}

/** Turns the imports of `example` into dynamic ones, so that blocks do not share names, and its arrows into checks. */
export function checkExample(example: Example): CheckedExample {
  const source = ts.createSourceFile('example.ts', example.code, ts.ScriptTarget.ESNext, true)
  const edits: Edit[] = []
  const claimed = new Set<number>()
  const problems: string[] = []
  const lineOf = (at: number): number => example.line + source.getLineAndCharacterOfPosition(at).line
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) edits.push(dynamicImport(source, node))
    const arrow =
      ts.isExpressionStatement(node) || ts.isVariableStatement(node) ? arrowAfter(example.code, node.end) : undefined
    if (arrow !== undefined && (ts.isExpressionStatement(node) || ts.isVariableStatement(node))) {
      claimed.add(arrow.at)
      const place = `${example.path}:${lineOf(arrow.at)}`
      if (arrow.value === undefined) problems.push(`${place}: what stands after → is not a value`)
      else edits.push(...checkEdits(source, node, `, () => (${arrow.value}), ${JSON.stringify(place)})`))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  for (const { index } of example.code.matchAll(/\/\/ →/g)) {
    if (!claimed.has(index)) problems.push(`${example.path}:${lineOf(index)}: this → follows nothing that has a value`)
  }
  return { body: applyEdits(example.code, edits), checks: claimed.size, problems }
}

/** Whether an example can fail at all: by an arrow, or by code of its own that throws. */
export function canFail(example: Example): boolean {
  return checkExample(example).checks > 0 || /\b(throw|assert|expect)\b/.test(example.code)
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

function applyEdits(code: string, edits: readonly Edit[]): string {
  let result = code
  for (const { start, end, text } of [...edits].sort((a, b) => b.start - a.start)) {
    result = result.slice(0, start) + text + result.slice(end)
  }
  return result
}

/** `import { a, type B, c as d } from 'x'` becomes `const { a, c: d } = await import('x')`, on as many lines. */
function dynamicImport(source: ts.SourceFile, node: ts.ImportDeclaration): Edit {
  const start = node.getStart(source)
  const lines = node.getText(source).split('\n').length - 1
  const clause = node.importClause
  const from = `await import(${node.moduleSpecifier.getText(source)})`
  const names: string[] = []
  if (clause?.name !== undefined) names.push(`default: ${clause.name.text}`)
  const bindings = clause?.namedBindings
  if (bindings !== undefined && ts.isNamedImports(bindings)) {
    const values = bindings.elements.filter(({ isTypeOnly }) => !isTypeOnly)
    names.push(
      ...values.map(({ name, propertyName }) => (propertyName ? `${propertyName.text}: ${name.text}` : name.text)),
    )
  }
  const isNamespace = bindings !== undefined && ts.isNamespaceImport(bindings)
  const isErased =
    clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || (clause !== undefined && !isNamespace && names.length === 0)
  const binding = isNamespace
    ? `const ${bindings.name.text} = `
    : names.length > 0
      ? `const { ${names.join(', ')} } = `
      : ''
  return { start, end: node.end, text: (isErased ? '' : binding + from) + '\n'.repeat(lines) }
}

/** The edits that hand the value of a statement to `__check`, whose other arguments are `rest`. */
function checkEdits(source: ts.SourceFile, node: ts.ExpressionStatement | ts.VariableStatement, rest: string): Edit[] {
  if (ts.isExpressionStatement(node)) {
    const { expression } = node
    const isLog = ts.isCallExpression(expression) && expression.expression.getText(source) === 'console.log'
    const value = (isLog ? expression.arguments[0] : undefined) ?? expression
    const text = value.getText(source)
    return [{ start: expression.getStart(source), end: expression.end, text: `__check((${text})${rest}` }]
  }
  const names = node.declarationList.declarations.flatMap(({ name }) => boundNames(name))
  const only = node.declarationList.declarations[0]?.name
  const value = only !== undefined && ts.isIdentifier(only) ? only.text : `{ ${names.join(', ')} }`
  return [{ start: node.end, end: node.end, text: `; __check(${value}${rest}` }]
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text]
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundNames(element.name) : []))
}

interface Arrow {
  readonly at: number
  /** The expected value as an expression; absent when the comment is none. */
  readonly value: string | undefined
}

/** The arrow behind a statement that ends at `end`: on its line, or in the comment right below. */
function arrowAfter(code: string, end: number): Arrow | undefined {
  const comments = [...(ts.getTrailingCommentRanges(code, end) ?? []), ...(ts.getLeadingCommentRanges(code, end) ?? [])]
  const ranges = comments.filter(({ pos }, index) => comments.findIndex((other) => other.pos === pos) === index)
  const first = ranges.findIndex(({ pos }) => code.startsWith('// →', pos))
  const at = ranges[first]?.pos
  if (at === undefined || code.slice(end, at).split('\n').length > 2) return undefined
  const lines = ranges.slice(first).map(({ pos, end: last }) => code.slice(pos, last).replace(/^\/\/( →)?/, ''))
  for (let count = 1; count <= lines.length; count += 1) {
    const value = lines.slice(0, count).join(' ').trim()
    if (isExpression(value)) return { at, value: value.replace(REST, '...__rest') }
  }
  return { at, value: undefined }
}

/** `…` as an element or member of its own; inside a string it is a character like others. */
const REST = /…(?=\s*[\]},]|$)(?=(?:[^']*'[^']*')*[^']*$)/g

function isExpression(text: string): boolean {
  if (text === '') return false
  const { diagnostics } = ts.transpileModule(`void (${text.replace(REST, '...__rest')})`, { reportDiagnostics: true })
  return diagnostics?.length === 0
}
