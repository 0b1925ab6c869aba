import type { Json } from '@lb/protocol'
import * as v from 'valibot'
import type { Findings } from '../problem.ts'
import { isNull, type Path, type Tree, type TreeScalar } from '../yaml/tree.ts'
import { type Environment, substitute } from './env.ts'
import { schemaOf, shapeOf, type ValueRule } from './kinds.ts'
import { readPattern } from './pattern.ts'
import { absent, found, type Reading, wrong } from './reading.ts'
import { coerce, describe, type FilledScalar } from './scalar.ts'
import { nearest } from './suggest.ts'

/** A text of one of these kinds is, or may contain, a credential: no message shows it. */
const hiddenKinds: ReadonlySet<ValueRule['kind']> = new Set(['secret', 'url', 'proxy', 'sha256'])

/** Reads single values: fills in variables, converts, checks, reports. */
export class LeafReader {
  readonly #findings: Findings
  readonly #env: Environment

  constructor(findings: Findings, env: Environment) {
    this.#findings = findings
    this.#env = env
  }

  /** `strict`: off inside of what is disabled, where variables need not be set. */
  read(tree: Tree, rule: ValueRule, path: Path, strict: boolean): Reading<unknown> {
    if (tree.kind !== 'scalar') return this.unexpected(tree, 'a single value', path)
    if (isNull(tree)) return absent
    const filling = this.#fill(tree, path, strict)
    if (filling.kind !== 'value') return filling
    const filled = filling.value
    if (isEmpty(filled.text, rule)) return absent
    if (!filled.computed && rule.kind !== 'pattern' && bareVariable.test(filled.text)) {
      this.#findings.notice(path, 'the dollar sign is part of the value', `a variable is written \${NAME}`)
    }
    const raw = coerce(filled, shapeOf(rule))
    if (!raw.ok) return this.#refuse(filled, raw.message, rule, path, raw.suggestion)
    const parsed = v.safeParse(schemaOf(rule), rule.kind === 'one-of' ? knownWord(filled.text, rule.words) : raw.value)
    if (!parsed.success) return this.#refuse(filled, parsed.issues[0].message, rule, path)
    if (rule.kind === 'pattern') this.#noteLiteral(filled.text, path)
    return found(parsed.output)
  }

  /** Any YAML value as JSON, with variables filled in: for what another package validates. */
  json(tree: Tree, path: Path, strict: boolean): Json {
    if (tree.kind === 'scalar') return this.#jsonScalar(tree, path, strict)
    if (tree.kind === 'list') return tree.items.map((item, index) => this.json(item, [...path, index], strict))
    // fromEntries defines own members, so `__proto__` is a key like any other.
    return Object.fromEntries(
      Array.from(tree.entries, ([key, { value }]) => [key, this.json(value, [...path, key], strict)]),
    )
  }

  /** Reports that something of another shape stands here. */
  unexpected(tree: Tree, expected: string, path: Path, suggestion?: string): typeof wrong {
    const instead = tree.kind === 'scalar' ? 'a single value' : describe(tree)
    this.#findings.error(path, `must be ${expected}, not ${instead}`, suggestion)
    return wrong
  }

  #jsonScalar(tree: TreeScalar, path: Path, strict: boolean): Json {
    if (typeof tree.value === 'number') {
      if (!Number.isFinite(tree.value)) this.#findings.error(path, 'must be a finite number')
      return tree.value
    }
    if (typeof tree.value !== 'string') return tree.value
    const filling = this.#fill(tree, path, strict)
    return filling.kind === 'value' ? filling.value.text : ''
  }

  #fill(node: TreeScalar, path: Path, strict: boolean): Reading<FilledScalar> {
    // On a command line, the shell has already filled in what was to be filled in.
    if (node.flag !== undefined) return found({ node, text: node.text, computed: true })
    const result = substitute(node.text, this.#env)
    if (result.kind === 'text') return found({ node, text: result.text, computed: result.computed })
    if (result.kind === 'unset' && !strict) return absent
    this.#findings.error(path, ...(result.kind === 'unset' ? unsetMessage(result.names) : malformedMessage))
    return wrong
  }

  #refuse(filled: FilledScalar, message: string, rule: ValueRule, path: Path, suggestion?: string): Reading<never> {
    // A computed text may be a secret that got into the wrong variable.
    const hidden = hiddenKinds.has(rule.kind) || (filled.computed && filled.node.flag === undefined)
    const full = hidden ? message : `${message}, not ${describe(filled.node)}`
    const word = hidden || rule.kind !== 'one-of' ? undefined : nearest(filled.text, rule.words)
    const hint = suggestion ?? (word === undefined ? undefined : `did you mean "${word}"?`)
    if (rule.kind !== 'one-of' || rule.fallback === undefined) {
      this.#findings.error(path, full, hint)
      return wrong
    }
    this.#findings.notice(path, `${full}; read as "${rule.fallback}"`, hint)
    return absent
  }

  #noteLiteral(text: string, path: Path): void {
    const { reason } = readPattern(text)
    if (reason !== undefined)
      this.#findings.notice(path, reason, 'it is searched as plain text, without regard to case')
  }
}

/** What a shell would fill in. Here it is a password that begins so, or more likely a mistake that shows as a 401. */
const bareVariable = /^\$[A-Za-z_]\w*$/

/** A secret of blanks is none: nobody could present it, and whoever believes to be locked in would be locked out. */
function isEmpty(text: string, { kind }: ValueRule): boolean {
  return (kind === 'secret' ? text.trim() : text) === '' && kind !== 'text-or-empty'
}

const malformedMessage: [message: string, suggestion: string] = [
  `not a variable: write \${NAME} or \${NAME:-default}`,
  `a literal \${ is written $\${`,
]

function unsetMessage(names: readonly string[]): [message: string, suggestion: string] {
  const [first = ''] = names
  return names.length === 1
    ? [`the environment variable ${first} is not set`, `set it, or give a default: $\{${first}:-…}`]
    : [`the environment variables ${names.join(', ')} are not set`, `set them, or give defaults: $\{${first}:-…}`]
}

/** The allowed word that `text` is but for case, or `text`. */
function knownWord(text: string, words: readonly string[]): string {
  return words.find((word) => word.toLowerCase() === text.toLowerCase()) ?? text
}
