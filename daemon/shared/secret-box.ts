import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { TfkError } from './errors.js';

/**
 * Seals secrets for what is on disk: AES-256-GCM with a random 96-bit nonce. The context (whose secret, which field) is
 * authenticated, so that a sealed value moved to another row does not open. Layout: nonce (12) · tag (16) · ciphertext.
 */
export class SecretBox {
  constructor(private readonly key: Buffer) {}

  /** A box for one purpose alone: whoever is handed its key can open nothing else of this home (HKDF, RFC 5869). */
  static keyFor(homeKey: Buffer, purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', homeKey, Buffer.alloc(0), purpose, 32));
  }

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

/** Tells secrets apart without telling them: whoever has no key cannot find out by trying what a fingerprint is of. */
export class Fingerprints {
  private readonly key: Buffer;

  constructor(homeKey: Buffer, purpose: string) {
    this.key = SecretBox.keyFor(homeKey, purpose);
  }

  /** Hex HMAC-SHA-256; the order of the names does not matter. */
  of(values: Readonly<Record<string, string>>): string {
    const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
    return createHmac('sha256', this.key).update(JSON.stringify(sorted)).digest('hex');
  }
}
