import { codeOf } from '../../../shared/errors.js';
import type { DynoSignal } from '../../engine.js';

/** Sends a signal to a process (or, negative, to a group); false when there is none. */
export function send(pid: number, signal: DynoSignal): boolean {
  // 0, 1 and -1 would mean tfkd's own group, init, or every process there is.
  if (Math.abs(pid) <= 1) return false;
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}
