import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import type { Authority } from '../../api/authority.js';
import { command, flag } from '../command.js';
import { UserError } from '../errors.js';
import { shellWord } from '../output/shell.js';

/** A system's folder of authorities, and the program that takes them in. */
interface TrustStore {
  readonly program: string;
  readonly file: string;
  /** After a file was taken away. */
  readonly undo: readonly string[];
}

const STORES: readonly TrustStore[] = [
  {
    program: '/usr/sbin/update-ca-certificates',
    file: '/usr/local/share/ca-certificates/tfk.crt',
    undo: ['--fresh'],
  },
  { program: '/usr/bin/update-ca-trust', file: '/etc/pki/ca-trust/source/anchors/tfk.crt', undo: [] },
];

const trust = command({
  name: 'certs:trust',
  summary: "say how browsers and programs come to trust tfk's local authority",
  details:
    'With --yes, as root on Debian, Ubuntu or Fedora, it is done for the system. Browsers ask for more.',
  args: {},
  options: {
    yes: flag('-y, --yes', 'do it for this system'),
    undo: flag('--undo', 'trust it no more'),
  },
  examples: ['tfk certs:trust', 'tfk certs:trust --undo'],
  async run({ client, output, config }, { options: { yes, undo } }) {
    const authority = await client.get<Authority>('/tfk/authority');
    if (!yes) return output.lines(undo ? undoSteps() : steps(shellWord(authority.path)));
    const store = usable(config.home, undo);
    if (undo) await rm(store.file, { force: true });
    else await writeFile(store.file, authority.certificate, { mode: 0o644 });
    await run(store.program, undo ? store.undo : []);
    return output.progress(
      undo
        ? `Removed ${store.file} and ran ${store.program}: this system trusts the authority no more.`
        : `Wrote ${store.file} and ran ${store.program}: this system trusts the authority. Take it back: tfk certs:trust --undo --yes`,
    );
  },
});

function usable(home: string, undo: boolean): TrustStore {
  const again = `tfk certs:trust${undo ? ' --undo' : ''}`;
  const store = STORES.find(({ program }) => existsSync(program));
  if (!store)
    throw new UserError(
      'This system has neither update-ca-certificates nor update-ca-trust: nothing was done.',
      {
        hint: `See the steps for others: ${again}`,
      },
    );
  if (process.getuid?.() !== 0)
    throw new UserError('Only root may change what this system trusts: nothing was done.', {
      hint: `Type: sudo env TFK_HOME=${shellWord(home)} ${again} --yes`,
    });
  return store;
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0)
    throw new UserError(
      `${program} failed (exit code ${String(code)}); the file is in its new state already.`,
      {
        hint: `Run it again: ${[program, ...args].join(' ')}`,
      },
    );
}

const NSS = '-d sql:$HOME/.pki/nssdb -n tfk';
const KEYCHAIN = '/Library/Keychains/System.keychain';

/** `ca` is the path of the certificate, as a shell reads it. */
const steps = (ca: string): string[] => [
  '# Debian, Ubuntu',
  `sudo cp ${ca} /usr/local/share/ca-certificates/tfk.crt`,
  'sudo update-ca-certificates',
  '',
  '# Fedora',
  `sudo cp ${ca} /etc/pki/ca-trust/source/anchors/tfk.crt`,
  'sudo update-ca-trust',
  '',
  '# macOS',
  `sudo security add-trusted-cert -d -r trustRoot -k ${KEYCHAIN} ${ca}`,
  '',
  '# Chromium on Linux (certutil is in libnss3-tools or nss-tools)',
  `certutil -A ${NSS} -t C,, -i ${ca}`,
  '',
  '# Firefox: Settings, Certificates, View Certificates, Authorities, Import; or, with the folder of your profile',
  `certutil -A -d sql:PROFILE -n tfk -t C,, -i ${ca}`,
];

const undoSteps = (): string[] => [
  '# Debian, Ubuntu',
  'sudo rm /usr/local/share/ca-certificates/tfk.crt',
  'sudo update-ca-certificates --fresh',
  '',
  '# Fedora',
  'sudo rm /etc/pki/ca-trust/source/anchors/tfk.crt',
  'sudo update-ca-trust',
  '',
  '# macOS: Keychain Access, System, delete the authority of tfk',
  '',
  '# Chromium on Linux',
  `certutil -D ${NSS}`,
  '',
  '# Firefox: Settings, Certificates, View Certificates, Authorities, Delete; or, with the folder of your profile',
  'certutil -D -d sql:PROFILE -n tfk',
];

export const commands = [trust];
