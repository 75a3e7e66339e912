import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { codeOf, TfkError } from '../shared/errors.js';

/**
 * Seals secrets for the database: AES-256-GCM with a random 96-bit nonce. The context (whose secret, which field) is
 * authenticated, so that a sealed value moved to another row does not open. Layout: nonce (12) · tag (16) · ciphertext.
 */
export class SecretBox {
  constructor(private readonly key: Buffer) {}

  seal(plain: string, context: string): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce).setAAD(Buffer.from(context));
    const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]);
  }

  open(sealed: Buffer, context: string): string {
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.key, sealed.subarray(0, 12))
        .setAAD(Buffer.from(context))
        .setAuthTag(sealed.subarray(12, 28));
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8');
    } catch (error) {
      throw new TfkError('internal_server_error', 'A stored secret does not open with this key.', {
        hint: 'Put back the secret.key that belongs to this tfk.db.',
        cause: error,
      });
    }
  }
}

/** The key of this home: made on first use, 32 random bytes, 0600. A key file that others may read is refused. */
export function loadKey(path: string): Buffer {
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      const key = randomBytes(32);
      writeSync(file, key);
      fsyncSync(file);
      return key;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return readKey(path);
  }
}

function readKey(path: string): Buffer {
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new TfkError('forbidden', `${path} can be read by others than its owner.`, {
      hint: `Type: chmod 600 ${path}`,
    });
  }
  const key = readFileSync(path);
  if (key.length !== 32)
    throw new TfkError('internal_server_error', `${path} is not a key: it has ${key.length} bytes, not 32.`);
  return key;
}
