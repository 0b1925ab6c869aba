import type { ImageSize } from './image-size.ts'
import type { Pieces } from './pieces.ts'

/**
 * What is known about a family of models before anything was observed: how its tokenizer compares with o200k, and what it
 * adds to a request in words of its own.
 *
 * The figures were read off recorded traffic and rounded up: an estimate that is too low lets a client overrun the
 * window. `pnpm --filter @lb/tokens report` says in docs/token-estimates.md what error they leave. A new family is a new
 * row; the first row that matches a model counts.
 */
export interface TokenProfile {
  readonly family: string
  /** Tokens of this family for one of o200k. */
  readonly ratio: number
  readonly overhead: TokenOverhead
  /** Tokens of one image. `undefined` stands for an image whose size is not known. */
  readonly image: (size: ImageSize | undefined) => number
  /** Tokens of one page of a PDF. */
  readonly pageTokens: number
}

/** What a family adds, in o200k tokens. */
export interface TokenOverhead {
  readonly request: number
  readonly message: number
  /** Once, when there are tools that the model may use. */
  readonly tools: number
  /** Once instead, when it must. */
  readonly forcedTools: number
  /** For each call and for each result. */
  readonly call: number
  /** Once, when the answer must follow a schema. */
  readonly schema: number
}

/** The profile of a model, whatever the provider calls it: `us.anthropic.claude-sonnet-4-5…`, `openai/gpt-5-mini`. */
export function profileOf(model: string): TokenProfile {
  const name = model.toLowerCase()
  return (profiles.find(({ pattern }) => pattern.test(name)) ?? otherwise).profile
}

/** What a request costs beside its texts and media, in o200k tokens. */
export function overheadTokens(pieces: Pieces, { overhead }: TokenProfile): number {
  const tools = pieces.isForced ? overhead.forcedTools : overhead.tools
  return (
    overhead.request +
    overhead.message * pieces.messages +
    overhead.call * pieces.calls +
    (pieces.tools > 0 ? tools : 0) +
    (pieces.isStructured ? overhead.schema : 0)
  )
}

/** What the images and documents of a request cost, in the family's own tokens. */
export function mediaTokens({ images, pages }: Pieces, { image, pageTokens }: TokenProfile): number {
  return images.reduce((sum, size) => sum + image(size), pages * pageTokens)
}

/**
 * Anthropic: a token for 750 pixels, after the longer edge was brought to 1,568.
 * @see https://platform.claude.com/docs/en/build-with-claude/vision
 */
function imageByArea(size: ImageSize | undefined): number {
  if (size === undefined) return MOST_IMAGE_TOKENS
  const scale = Math.min(1, 1568 / Math.max(size.width, size.height))
  return Math.min(MOST_IMAGE_TOKENS, Math.ceil((size.width * size.height * scale * scale) / 750))
}

const MOST_IMAGE_TOKENS = 1600

/**
 * OpenAI, GPT-4o and its like: 85 tokens, and 170 for each tile of 512 pixels after the image was fitted into 2,048 and its
 * shorter edge brought to 768.
 * @see https://platform.openai.com/docs/guides/images-vision
 */
function imageByTiles(size: ImageSize = { width: 1024, height: 1024 }): number {
  const fitted = Math.min(1, 2048 / Math.max(size.width, size.height))
  const scale = fitted * Math.min(1, 768 / (Math.min(size.width, size.height) * fitted))
  return 85 + 170 * Math.ceil((size.width * scale) / 512) * Math.ceil((size.height * scale) / 512)
}

/** OpenAI, GPT-5 and its like: patches of 32 pixels, at most 1,536 of them, a fifth more tokens than patches. */
function imageByPatches(size: ImageSize = { width: 1024, height: 1024 }): number {
  return Math.ceil(1.2 * Math.min(1536, Math.ceil(size.width / 32) * Math.ceil(size.height / 32)))
}

const claude = {
  image: imageByArea,
  pageTokens: 2600,
  overhead: { request: 3, message: 4, tools: 505, forcedTools: 625, call: 40, schema: 145 },
}

const openAi = {
  image: imageByTiles,
  pageTokens: 1100,
  overhead: { request: 3, message: 4, tools: 20, forcedTools: 20, call: 8, schema: 20 },
}

const otherwise = { profile: { family: 'other', ratio: 1.15, ...openAi, image: imageByArea } }

const profiles: readonly { readonly pattern: RegExp; readonly profile: TokenProfile }[] = [
  {
    // The tokenizer that came with Opus 4.7 makes more tokens of everything.
    pattern: /(?:claude|anthropic).*(?:opus-4[-.][7-9]|(?:opus|sonnet|haiku|fable|mythos)-(?:[5-9]|[1-9]\d)(?!\d))/,
    profile: {
      family: 'claude, since Opus 4.7',
      ratio: 1.4,
      ...claude,
      overhead: { ...claude.overhead, tools: 270, forcedTools: 380, call: 35 },
    },
  },
  {
    // Tools cost fewer words then.
    pattern: /claude-(?:[123]|instant|(?:sonnet|opus)-4(?:[-.][01](?!\d)|-\d{8}|$))/,
    profile: {
      family: 'claude, until Sonnet 4',
      ratio: 1.1,
      ...claude,
      overhead: { ...claude.overhead, tools: 350, forcedTools: 350 },
    },
  },
  { pattern: /claude/, profile: { family: 'claude, before Opus 4.7', ratio: 1.1, ...claude } },
  {
    pattern: /gpt-[5-9]/,
    profile: {
      family: 'gpt-5 and later',
      ratio: 1.05,
      ...openAi,
      overhead: { ...openAi.overhead, tools: 75, forcedTools: 45 },
      image: imageByPatches,
    },
  },
  {
    pattern: /gpt-oss/,
    profile: { family: 'gpt-oss', ratio: 1.05, ...openAi, overhead: { ...openAi.overhead, request: 75 } },
  },
  { pattern: /gpt|chatgpt|(?:^|\/)o[1-9]/, profile: { family: 'gpt-4 and o-series', ratio: 1.02, ...openAi } },
]
