import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Key } from '../../api/keys.js';
import { command, flag, jsonOption, optional, required } from '../command.js';
import { codeOf, messageOf, UsageError, UserError } from '../errors.js';
import { visible } from '../output/sanitise.js';

const PATH = '/account/keys';
/** As ssh-keygen names them, the newest kind first. */
const USUAL = ['id_ed25519.pub', 'id_ecdsa.pub', 'id_rsa.pub'];
/** As OpenSSH and OpenSSL write them, and PuTTY. */
const PRIVATE = /PRIVATE KEY|^PuTTY-User-Key-File/m;
const WHAT_FOR = 'Nobody comes in by them: git pushes over HTTPS here, with a token (tfk git:remote).';

const list = command({
  name: 'keys',
  summary: 'list your public SSH keys',
  details: `Kept for tools that keep them at Heroku. ${WHAT_FOR}`,
  args: {},
  options: { long: flag('-l, --long', 'whole'), json: jsonOption },
  examples: ['tfk keys', 'tfk keys --long'],
  async run({ client, output }, { options }) {
    const keys = await client.list<Key>(PATH);
    if (options.json) return output.json(keys);
    if (keys.length === 0) return output.progress('You have no SSH keys.');
    return output.lines(keys.map(({ public_key: line }) => visible(options.long ? line : shortened(line))));
  },
});

const add = command({
  name: 'keys:add',
  summary: 'add a public SSH key of yours',
  details: WHAT_FOR,
  args: { file: optional('file', 'ends in .pub; else the usual one of ~/.ssh') },
  options: { json: jsonOption },
  examples: ['tfk keys:add', 'tfk keys:add ~/.ssh/work.pub'],
  async run({ client, output }, { args, options }) {
    const { path, text } = args.file === undefined ? usual() : { path: args.file, text: read(args.file) };
    refusePrivate(path, text);
    const made = await output.action(`Uploading ${visible(path)} SSH key`, () =>
      client.post<Key>(PATH, { public_key: text }),
    );
    return options.json ? output.json(made) : undefined;
  },
});

const remove = command({
  name: 'keys:remove',
  summary: 'remove an SSH key',
  args: { key: required('key', 'its comment or fingerprint, e.g. ada@laptop') },
  options: {},
  examples: ['tfk keys:remove ada@laptop'],
  async run({ client, output }, { args }) {
    const found = (await client.list<Key>(PATH)).filter(
      ({ comment, fingerprint, id }) => comment === args.key || [fingerprint, id].includes(args.key),
    );
    if (found.length === 0) throw new UsageError(`You have no key ${visible(args.key)}.`, 'Type: tfk keys');
    await output.action(`Removing ${visible(args.key)} SSH key`, async () => {
      for (const { id } of found) await client.delete(`${PATH}/${id}`);
    });
    return undefined;
  },
});

const clear = command({
  name: 'keys:clear',
  summary: 'remove all your SSH keys',
  args: {},
  options: {},
  examples: ['tfk keys:clear'],
  async run({ client, output }) {
    const keys = await client.list<Key>(PATH);
    await output.action('Removing all SSH keys', async () => {
      for (const { id } of keys) await client.delete(`${PATH}/${id}`);
    });
    return undefined;
  },
});

export const commands = [list, add, remove, clear];

/** `ssh-ed25519 AAAAC3NzaC...3gQx1YpXUk ada@laptop` */
function shortened(line: string): string {
  const [type = '', key = '', ...comment] = line.split(' ');
  return [type, `${key.slice(0, 10)}...${key.slice(-10)}`, ...comment].join(' ');
}

function usual(): { path: string; text: string } {
  for (const path of USUAL.map((name) => join(homedir(), '.ssh', name))) {
    try {
      return { path, text: readFileSync(path, 'utf8') };
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw unreadable(path, error);
    }
  }
  throw new UserError(`There is no ${USUAL.join(', ')} in ~/.ssh.`, {
    hint: 'Make one: ssh-keygen -t ed25519',
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** tfkd refuses one too, but may be on another machine: it is not even sent. */
function refusePrivate(path: string, text: string): void {
  if (!PRIVATE.test(text)) return;
  throw new UserError(
    `${visible(path)} is a private key, which nobody else should ever have. It was not sent.`,
    {
      hint: `Give the one beside it: tfk keys:add ${visible(path)}.pub`,
    },
  );
}

const unreadable = (path: string, error: unknown): UserError =>
  new UserError(`${visible(path)} cannot be read: ${messageOf(error)}`, { hint: 'Nothing was changed.' });
