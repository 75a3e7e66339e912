import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { codeOf, TfkError } from '../shared/errors.js';

export { SecretBox } from '../shared/secret-box.js';

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
