export { callNative, type NativeCallOptions } from './call.js';
export { nativeExecutable } from './executable.js';
export { lift, type LiftLimits } from './lift.js';
export { liftIndex } from './lift-index.js';
export { type FunctionSymbol, functionSymbols, identify, type Identity, type Place, symbolize } from './identify.js';
export type { InputLimits } from './input-limits.js';
export type { GoBuildInfo, GoModule, IndexEnd, LiftedFunction, LiftedIndex, LiftEnd, LiftFrame, LiftHeader, LiftSection, LiftSide } from './lift-types.js';
export { probeCapsule, runCapsule } from './capsule.js';
export type {
  CapsuleCap,
  CapsuleCaps,
  CapsuleExit,
  CapsuleFrame,
  CapsuleOutcome,
  CapsuleProbe,
  CapsuleRequest,
  CapsuleStream,
  CapsuleThreadStack,
} from './capsule-types.js';
