import { describe, expect, it } from 'vitest';
import { parseSshPublicKey } from '../../../daemon/shared/ssh-public-key.js';
import { AN_SSH_KEY, ANOTHER_SSH_KEY, ITS_FINGERPRINT } from '../../support/ssh-keys.js';

describe('a public SSH key', () => {
  it('is one line, with the fingerprint that ssh-keygen tells', () => {
    expect(parseSshPublicKey(`\n  ${AN_SSH_KEY.replace(' ', '   ')}\r\n`)).toEqual({
      line: AN_SSH_KEY,
      comment: 'ada@laptop',
      fingerprint: ITS_FINGERPRINT,
    });
    expect(parseSshPublicKey(ANOTHER_SSH_KEY)).toMatchObject({
      comment: 'ada at work',
      fingerprint: 'cf:fe:03:6c:56:35:62:67:3e:52:9f:65:0f:b9:90:ee',
    });
  });

  it('needs no comment', () => {
    const [type, key] = AN_SSH_KEY.split(' ');
    expect(parseSshPublicKey(`${type} ${key}`)).toMatchObject({ line: `${type} ${key}`, comment: '' });
  });

  const [, key = ''] = AN_SSH_KEY.split(' ');
  it.each([
    ['nothing', '', /one line/],
    ['two keys', `${AN_SSH_KEY}\n${ANOTHER_SSH_KEY}`, /one line/],
    ['a key of an old kind', `ssh-dss ${key}`, /begins with its type/],
    ['options before it', `command="rm" ${AN_SSH_KEY}`, /begins with its type/],
    ['a key of another type than it says', `ssh-rsa ${key}`, /damaged/],
    ['a type alone', 'ssh-ed25519', /damaged/],
    ['a type and the length of one', 'ssh-ed25519 AAAA////', /damaged/],
    ['a key that ends after its type', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5', /damaged/],
    ['something that is not base64', `ssh-ed25519 ${key}!`, /damaged/],
    ['a comment that steers a terminal', `ssh-ed25519 ${key} \u001b[2J`, /control characters/],
  ])('is refused: %s', (_, text, why) => {
    expect(() => parseSshPublicKey(text)).toThrow(why);
  });

  it.each([
    '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n',
    'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\nc2VjcmV0\n',
  ])('that is a private one is refused, and not repeated', (text) => {
    expect(() => parseSshPublicKey(text)).toThrow(/^This is a private key(?!.*c2VjcmV0)/);
  });
});
