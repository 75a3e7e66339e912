import type { BuildResult } from '../engine.js';

export type BuildFault = Extract<BuildResult, { ok: false }>;

/** Carries a build's own failure up to where it becomes a result. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  constructor(readonly fault: BuildFault) {
    super(fault.message);
  }
}
