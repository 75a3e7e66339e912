import { suggest } from '../shared/did-you-mean.js';
import { TfkError } from '../shared/errors.js';

/** What webhooks can be told of: Heroku's names, and all that it has. */
export const ENTITIES = [
  'api:addon',
  'api:addon-attachment',
  'api:app',
  'api:build',
  'api:collaborator',
  'api:domain',
  'api:dyno',
  'api:formation',
  'api:release',
  'api:sni-endpoint',
] as const;

const URL_LENGTH = 2048;
const SECRET_LENGTH = 256;
const AUTHORIZATION_LENGTH = 4096;
/** What may stand in the value of a header (RFC 9110 §5.5), without the bytes beyond ASCII. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

const refuse = (message: string, hint: string, suggestions: readonly string[] = []): TfkError =>
  new TfkError('invalid_params', `${message} Nothing was changed.`, { hint, suggestions });

/** Without duplicates. */
export function checkedInclude(include: readonly string[]): string[] {
  const known = ENTITIES.join(', ');
  if (include.length === 0)
    throw refuse('A webhook is told of one kind of change at least.', `There are ${known}.`);
  const stranger = include.find((name) => !(ENTITIES as readonly string[]).includes(name));
  if (stranger === undefined) return [...new Set(include)];
  const name = JSON.stringify(stranger.slice(0, 80));
  const suggestions = suggest(stranger.startsWith('api:') ? stranger : `api:${stranger}`, ENTITIES);
  throw refuse(`No webhook is told of ${name}, only of ${known}.`, 'Name some of those.', suggestions);
}

/** An address to which a delivery can be posted. This machine's own are allowed: most receivers of a local tfk are there. */
export function checkedUrl(text: string): string {
  const url = text.length <= URL_LENGTH && URL.canParse(text) ? new URL(text) : null;
  const example = 'Write it like https://example.com/hooks.';
  if (!url || url.hostname === '' || !['http:', 'https:'].includes(url.protocol))
    throw refuse(
      `The url of a webhook begins with http:// or https:// and has at most ${URL_LENGTH} characters.`,
      example,
    );
  if (url.username !== '' || url.password !== '')
    throw refuse(
      'The url of a webhook is shown to all who may see the app, and must not hold a password.',
      'Give what the receiver asks for as the authorization: tfk webhooks:add … -t "Bearer …".',
    );
  if (url.hash !== '') throw refuse('The url of a webhook has no part after #.', example);
  return url.href;
}

export function checkedSecret(secret: string): string {
  if (secret.length <= SECRET_LENGTH && HEADER_VALUE.test(secret)) return secret;
  throw refuse(
    `The secret of a webhook has 1 to ${SECRET_LENGTH} printable ASCII characters.`,
    'Leave it out to be given a random one.',
  );
}

/** The whole value of the header. */
export function checkedAuthorization(authorization: string): string {
  if (authorization.length <= AUTHORIZATION_LENGTH && HEADER_VALUE.test(authorization)) return authorization;
  throw refuse(
    `The authorization of a webhook is the value of a header: 1 to ${AUTHORIZATION_LENGTH} printable ASCII characters.`,
    'Write it like "Bearer 01234567".',
  );
}
