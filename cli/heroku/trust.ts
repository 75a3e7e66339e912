import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Authority } from '../../api/authority.js';
import type { Context } from '../context.js';
import { messageOf } from '../errors.js';

export interface Trust {
  readonly bundlePath: string;
  readonly authorityPath: string;
}

/**
 * Files for Heroku's CLI and git to trust the local authority by. Node reads one file of further certificates: where the user
 * has one already, both go into a third.
 */
export function trustFiles({ config, output }: Context, authority: Authority): Trust {
  const folder = join(config.home, 'tls');
  const authorityPath = config.remote === null ? authority.path : join(folder, 'remote-ca.crt');
  if (config.remote !== null) write(folder, authorityPath, authority.certificate);
  const other = config.env['NODE_EXTRA_CA_CERTS'] ?? '';
  if (other === '' || other === authorityPath) return { bundlePath: authorityPath, authorityPath };
  try {
    const others = readFileSync(other, 'utf8');
    if (others.includes(authority.certificate.trim())) return { bundlePath: other, authorityPath };
    const name = createHash('sha256').update(other).digest('hex').slice(0, 8);
    const bundlePath = join(folder, `bundle-${name}.crt`);
    write(folder, bundlePath, `${others.trimEnd()}\n${authority.certificate}`);
    return { bundlePath, authorityPath };
  } catch (error) {
    output.warn(`NODE_EXTRA_CA_CERTS is left out: ${messageOf(error)}`);
    return { bundlePath: authorityPath, authorityPath };
  }
}

/** Whole or not at all: another shell may read it now. */
function write(folder: string, path: string, text: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, path);
}
