const HOST = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const DOMAIN = String.raw`(?:${HOST}(?:\.${HOST})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:[.]|__?|-+)[a-z0-9]+)*';
const DIGEST = 'sha256:[0-9a-f]{64}';
const NAME = new RegExp(`^(?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*$`);
const REFERENCE = new RegExp(String.raw`^(.+?)(?::\w[\w.-]{0,127})?(?:@${DIGEST})?$`);
const ID = new RegExp(`^${DIGEST}$`);

const MAX_NAME = 255;
const MAX = 512;

/**
 * Is it `[host[:port]/]name[:tag][@sha256:…]`, by the grammar of distribution/reference, or an id in full? Dockerd answers
 * other texts by sending the asker elsewhere, or with what they are short for.
 */
export function isImageReference(text: string): boolean {
  if (text.length > MAX) return false;
  if (ID.test(text)) return true;
  const [, name = ''] = REFERENCE.exec(text) ?? [];
  return name.length <= MAX_NAME && NAME.test(name) && !/^[0-9a-f]{64}$/.test(name);
}

/** What an engine itself calls an image; no registry knows it. */
export const isImageId = (text: string): boolean => ID.test(text);
