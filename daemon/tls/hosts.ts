import { isIP } from 'node:net';
import { TfkError } from '../shared/errors.js';

const NAME = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*(localhost|test)$/;
const LOOPBACK = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/**
 * Names and addresses that can only mean this machine (RFC 6761), in lower case and each once: those that the local authority
 * vouches for.
 *
 * @throws TfkError `invalid_params` where one of them is another machine's, or there is none
 */
export function localHosts(hosts: readonly string[]): readonly string[] {
  const names = [...new Set(hosts.map((host) => host.toLowerCase()))];
  const foreign = names.find((name) => !isLocal(name));
  if (foreign === undefined && names.length > 0) return names;
  throw new TfkError(
    'invalid_params',
    foreign === undefined
      ? 'A certificate is for at least one host.'
      : `The local authority vouches for names of this machine, and ${JSON.stringify(foreign)} is none.`,
    { hint: 'Names below localhost or test, 127.0.0.1 and ::1 are.' },
  );
}

const isLocal = (host: string): boolean =>
  isIP(host) === 0 ? NAME.test(host) && host.length <= 253 : host === '::1' || LOOPBACK.test(host);
