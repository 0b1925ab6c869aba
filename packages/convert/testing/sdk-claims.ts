import { resolve } from 'node:path'
import ts from 'typescript'

/** A value, and the official type that has to accept it. */
export interface Claim {
  /** E.g. `Anthropic.Message`. */
  readonly type: string
  readonly json: string
  readonly name: string
}

const file: string = resolve(import.meta.dirname, 'claims.ts')
const head = "import type Anthropic from '@anthropic-ai/sdk'\nimport type OpenAI from 'openai'\n"

/** The SDKs' own files, read once. */
const parsed: Map<string, ts.SourceFile | undefined> = new Map()

/**
 * Asks the TypeScript compiler whether the types of the official SDKs accept values, written as literals: then a member that
 * a type does not know is an error, too.
 *
 * @returns one line for each claim that is wrong.
 */
export function wrongClaims(claims: readonly Claim[]): readonly string[] {
  const source = head + claims.map(({ type, json }, index) => `export const c${index}: ${type} = ${json}`).join('\n')
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.getSourceFile = (name, ...rest) => {
    if (name === file) return ts.createSourceFile(name, source, ts.ScriptTarget.ES2023)
    const known = parsed.get(name) ?? getSourceFile.call(host, name, ...rest)
    parsed.set(name, known)
    return known
  }
  host.fileExists = (name) => name === file || fileExists.call(host, name)
  host.readFile = (name) => (name === file ? source : readFile.call(host, name))
  const program = ts.createProgram([file], options, host)
  return ts.getPreEmitDiagnostics(program).map((problem) => {
    const said = ts.flattenDiagnosticMessageText(problem.messageText, ' ')
    const line = problem.file?.getLineAndCharacterOfPosition(problem.start ?? 0).line ?? 0
    return `${claims[line - 2]?.name ?? 'the claims themselves'}: ${said}`
  })
}
