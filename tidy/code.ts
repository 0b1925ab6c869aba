import ts from 'typescript'
import { isCode, type TextFile } from './repository.ts'

/**
 * What the laws need to know about TypeScript text, read with the compiler's own parser: a regular expression cannot tell
 * code from a comment, a string or another regular expression.
 */

/** The syntax tree of `file`, parsed once. */
export function parse(file: TextFile): ts.SourceFile {
  const known = parsed.get(file)
  if (known !== undefined) return known
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true)
  parsed.set(file, source)
  return source
}

const parsed = new WeakMap<TextFile, ts.SourceFile>()

/**
 * The text of `file` with everything blanked that is not code: comments, the contents of strings, templates and regular
 * expressions. Lines and columns stay where they are.
 */
export function codeOf(file: TextFile): string {
  return separate(file).code
}

/** The comments of `file`, everything else blanked. A file that is not code is prose, all of it. */
export function proseOf(file: TextFile): string {
  return isCode(file.path) ? separate(file).comments : file.text
}

interface Separated {
  readonly code: string
  readonly comments: string
}

const separated = new WeakMap<TextFile, Separated>()

/** Walks the tokens: what stands between two of them is space and comments. */
function separate(file: TextFile): Separated {
  const known = separated.get(file)
  if (known !== undefined) return known
  const source = parse(file)
  const blank = file.text.replace(/[^\n]/g, ' ')
  const code: string[] = []
  const comments: string[] = []
  let done = 0
  const visit = (node: ts.Node): void => {
    if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode) return
    const children = node.getChildren(source)
    if (children.length > 0) {
      children.forEach(visit)
      return
    }
    const start = node.getStart(source)
    code.push(blank.slice(done, start), (isLiteral(node) ? blank : file.text).slice(start, node.end))
    comments.push(file.text.slice(done, start), blank.slice(start, node.end))
    done = node.end
  }
  visit(source)
  const result = { code: code.join(''), comments: comments.join('') }
  separated.set(file, result)
  return result
}

function isLiteral(node: ts.Node): boolean {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isRegularExpressionLiteral(node) ||
    ts.isTemplateHead(node) ||
    ts.isTemplateMiddleOrTemplateTail(node)
  )
}

/** The line of `offset` in `text`, counted from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

/** How many lines `text` has; a final newline does not start another one. */
export function lineCount(text: string): number {
  return text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

/** A function with a body. */
export interface FunctionSpan {
  readonly name: string
  readonly line: number
  readonly lines: number
}

/** Every function of `file`, nested ones too. Callbacks of `describe` are left out: they are chapters, not functions. */
export function functionsOf(file: TextFile): FunctionSpan[] {
  const source = parse(file)
  const found: FunctionSpan[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined && !isChapter(node)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line
      const last = source.getLineAndCharacterOfPosition(node.end).line
      found.push({ name: nameOf(node), line: line + 1, lines: last - line + 1 })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText()
  if (ts.isConstructorDeclaration(node)) return 'constructor'
  const { parent } = node
  return ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) ? parent.name.getText() : '(anonymous)'
}

function isChapter(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText())
}

/** One `import`, `export … from`, `import()` or `import('…').Type`. */
export interface Import {
  readonly specifier: string
  readonly line: number
}

/** Every import of `file` whose specifier is written out. */
export function importsOf(file: TextFile): Import[] {
  const source = parse(file)
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return
    const line = source.getLineAndCharacterOfPosition(specifier.getStart(source)).line + 1
    found.push({ specifier: specifier.text, line })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0])
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}
