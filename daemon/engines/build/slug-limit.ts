import { StepFailed } from './step-failed.js';

/** Throws StepFailed for a slug beyond the limit, both in bytes. */
export function refuseLarge(size: number, limit: number): void {
  const excess = tooLarge(size, limit);
  if (excess) throw excess;
}

/** As refuseLarge, for where throwing would not do. */
export function tooLarge(size: number, limit: number): StepFailed | null {
  if (size <= limit) return null;
  const mb = (bytes: number) => `${(bytes / 1048576).toFixed(bytes < 10485760 ? 1 : 0)} MB`;
  const message = `The slug is ${mb(size)}, more than the limit of ${mb(limit)}. Leave out files by .slugignore, or dependencies that only development needs.`;
  return new StepFailed({ ok: false, reason: 'limit', message });
}
