export { approximateTokens } from './approximate.ts'
export {
  type Calibration,
  ENOUGH_SAMPLES,
  emptyCalibration,
  type Grade,
  LEAST_TOKENS,
  learn,
  learnedRatio,
  restoreCalibration,
  type TokenTarget,
} from './calibration.ts'
export { type Counted, estimateTokens, estimateTokensExactly, type TokenEstimate } from './estimate.ts'
export { createExactCounter, type Encoder, type ExactCounter, type ExactCounterOptions } from './exact.ts'
export type { ImageSize } from './image-size.ts'
export { observedTokens, type Untaught } from './observation.ts'
export { type Doubt, type Pieces, piecesOf } from './pieces.ts'
export { profileOf, type TokenOverhead, type TokenProfile } from './profiles.ts'
