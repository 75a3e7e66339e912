import type { TokenRecord } from '../../store/tokens.js';

const DAY_MS = 86_400_000;
const NOTICE_MS = 7 * DAY_MS;

/**
 * What is told beside each answer to a token that ends within a week; null for others, and for those that were made for no longer
 * than that: who made them knows. A header has no characters beyond ASCII.
 */
export function expiryWarning(
  { createdAt, expiresAt }: Pick<TokenRecord, 'createdAt' | 'expiresAt'>,
  now: number,
): string | null {
  if (expiresAt === null || expiresAt - createdAt <= NOTICE_MS || expiresAt - now > NOTICE_MS) return null;
  const end = new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ');
  return `This token is good until ${end} UTC. Make another on the machine itself: tfk auth:token, or eval "$(tfk heroku:env)"`;
}
