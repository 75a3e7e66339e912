import type { BuildRequest } from '../engine.js';
import { StepFailed } from './step-failed.js';

/** Ends one build when it is cancelled, and at its time and output limits. */
export class Watch {
  /** Aborts when the build has to end. */
  readonly signal: AbortSignal;
  private readonly overrun = new AbortController();
  private readonly deadline: AbortSignal;
  private bytes = 0;

  constructor(private readonly request: Pick<BuildRequest, 'limits' | 'signal'>) {
    this.deadline = AbortSignal.timeout(request.limits.timeoutMs);
    this.signal = AbortSignal.any([request.signal, this.deadline, this.overrun.signal]);
  }

  /** Of output. */
  count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.request.limits.outputBytes) this.overrun.abort();
  }

  /** Throws when the build was cancelled, or is over its time or its output. */
  refuseStopped(): void {
    const { limits, signal } = this.request;
    if (signal.aborted)
      throw new StepFailed({ ok: false, reason: 'cancelled', message: 'The build was cancelled.' });
    if (this.overrun.signal.aborted) {
      const message = `The build printed more than ${inMegabytes(limits.outputBytes)} and was ended.`;
      throw new StepFailed({ ok: false, reason: 'limit', message });
    }
    if (this.deadline.aborted) {
      const message = `The build took longer than ${inMinutes(limits.timeoutMs)} and was ended.`;
      throw new StepFailed({ ok: false, reason: 'timeout', message });
    }
  }
}

export const inMegabytes = (bytes: number): string =>
  bytes < 1048576 ? `${bytes} bytes` : `${Math.floor(bytes / 1048576)} MB`;
const inMinutes = (ms: number): string => (ms < 60_000 ? `${ms / 1000} s` : `${Math.round(ms / 60_000)} min`);
