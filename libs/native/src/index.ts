export { callNative, type NativeCallOptions } from './call.js';
export { nativeExecutable } from './executable.js';
export { lift, type LiftLimits } from './lift.js';
export type { LiftEnd, LiftFrame, LiftHeader, LiftSide } from './lift-types.js';
export { probeCapsule, runCapsule } from './capsule.js';
export type {
  CapsuleCap,
  CapsuleCaps,
  CapsuleExit,
  CapsuleFrame,
  CapsuleOutcome,
  CapsuleRequest,
  CapsuleStream,
  CapsuleThreadStack,
} from './capsule-types.js';
