import { createHash } from 'node:crypto';
import { TfkError } from './errors.js';

export interface SshPublicKey {
  /** One line: type, key, comment. */
  readonly line: string;
  readonly comment: string;
  /** MD5 of the key in hex with colons, as Heroku writes it and `ssh-keygen -l -E md5` shows it. */
  readonly fingerprint: string;
}

const TYPES: ReadonlySet<string> = new Set([
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

/** As OpenSSH and OpenSSL write them, and PuTTY. */
const PRIVATE = /PRIVATE KEY|^PuTTY-User-Key-File/m;

/** Base64 as it is written, without anything that a lenient reader would pass over. */
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * A public key in OpenSSH's format (RFC 4253, section 6.6; sshd(8), "AUTHORIZED_KEYS FILE FORMAT", without options).
 * @throws TfkError `invalid_params`, which never repeats what was given: it may be a private key
 */
export function parseSshPublicKey(text: string): SshPublicKey {
  if (PRIVATE.test(text)) {
    throw refused('This is a private key, which nobody else should ever have. It was not kept.');
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length !== 1) throw refused('A key is one line.');
  const [type = '', key = '', ...comment] = (lines[0] ?? '').trim().split(/\s+/);
  if (!TYPES.has(type)) {
    throw refused(`A key begins with its type, one of ${[...TYPES].slice(0, 3).join(', ')}.`);
  }
  const blob = Buffer.from(key, 'base64');
  if (!BASE64.test(key) || firstStringOf(blob) !== type) throw refused('The key is cut short or damaged.');
  const words = comment.join(' ');
  if (/\p{Cc}/u.test(words)) throw refused('The comment of the key has control characters.');
  const digest = createHash('md5').update(blob).digest('hex');
  return {
    line: [type, key, words].join(' ').trim(),
    comment: words,
    fingerprint: digest.replace(/..(?=.)/g, '$&:'),
  };
}

/** An RFC 4251 string; undefined where the bytes end before it does, or with it: a key has more to say than its type. */
function firstStringOf(blob: Buffer): string | undefined {
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : Infinity;
  return blob.length > 4 + length ? blob.toString('latin1', 4, 4 + length) : undefined;
}

const refused = (why: string): TfkError =>
  new TfkError('invalid_params', `${why} Nothing was changed.`, {
    hint: 'Give the file that ends in .pub: tfk keys:add ~/.ssh/id_ed25519.pub',
  });
