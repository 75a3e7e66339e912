import { messageOf } from '../../shared/errors.js';

/** The HTTP status of dockerd's answer; null for whatever is none. */
export function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return null;
  return typeof error.statusCode === 'number' ? error.statusCode : null;
}

/** Dockerd's own words, without the library's around them. */
export function answerOf(error: unknown): string {
  return messageOf(error)
    .replace(/^\(HTTP code \d+\) [^-]* - /, '')
    .trim();
}

/** Resolves to null where dockerd answers with one of these statuses, e.g. 404: what was to be changed is as wanted. */
export async function unless<T>(statuses: readonly number[], answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (statuses.includes(statusOf(error) ?? 0)) return null;
    throw error;
  }
}
