import { randomInt } from 'node:crypto';

/** Does one of a certificate's names stand for the host? Its wildcard stands for one label (RFC 6125 §6.4.3). */
export function covers(certificateNames: readonly string[], hostname: string): boolean {
  const dot = hostname.indexOf('.');
  const wildcard = dot < 0 ? null : `*${hostname.slice(dot)}`;
  return certificateNames.some((name) => name === hostname || name === wildcard);
}

// prettier-ignore
const PLACES = [
  'akita', 'bergen', 'cork', 'dakar', 'fukuoka', 'gifu', 'havana', 'iwaki', 'jena', 'kagoshima', 'kobe', 'lima', 'macau',
  'nara', 'osaka', 'porto', 'quito', 'riga', 'sendai', 'tokyo', 'ulm', 'vienna', 'wakayama', 'yamato', 'zurich',
] as const;

/** A name for a certificate that nobody had to think of, in Heroku's manner: `tokyo-1050`. */
export const inventEndpointName = (): string =>
  `${PLACES[randomInt(PLACES.length)] ?? ''}-${randomInt(1_000, 100_000)}`;
