import type { Law } from '../law.ts'
import { budgetLaws } from './budgets.ts'
import { dependencyLaws } from './dependencies.ts'
import { docLaws } from './docs.ts'
import { exampleLaws } from './examples.ts'
import { floorLaws } from './floors.ts'
import { structureLaws } from './structure.ts'
import { surfaceLaws } from './surface.ts'
import { wordLaws } from './words.ts'

/** All laws of this repository. */
export const laws: readonly Law[] = [
  ...wordLaws,
  ...budgetLaws,
  ...structureLaws,
  ...floorLaws,
  ...surfaceLaws,
  ...docLaws,
  ...exampleLaws,
  ...dependencyLaws,
]
