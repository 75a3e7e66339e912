import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtProgram } from '../support/built.js';
import { Installation } from '../support/installation.js';

const FOLDERS = ['/etc/ssl', '/usr/local/share/ca-certificates'];

/**
 * The machine's trust is nobody's to change for a test: it is done in a mount namespace, where copies of these folders stand in
 * their places. Null: such a place can be made; else why not.
 */
async function whyNotHere(): Promise<string | null> {
  for (const needed of ['/usr/sbin/update-ca-certificates', '/usr/bin/curl', '/usr/bin/openssl', ...FOLDERS])
    if (!existsSync(needed)) return `there is no ${needed}`;
  const { exitCode } = await execa('unshare', ['-m', 'true'], { reject: false });
  return exitCode === 0 ? null : 'only root can have mounts of its own';
}

const reason = await whyNotHere();
if (reason !== null) process.stderr.write(`certs-trust.test.ts is skipped: ${reason}.\n`);

describe.skipIf(reason !== null)('certs:trust --yes', () => {
  const tfk = new Installation();
  beforeAll(async () => {
    await tfk.ok('apps');
  });
  afterAll(() => tfk.remove());

  it('makes this system trust the API’s certificate, and --undo takes just that back', async () => {
    const copies = FOLDERS.map((folder, index) => [folder, join(tfk.folder, `copy${index}`)]);
    const { stdout, stderr, exitCode } = await execa(
      'unshare',
      ['-m', '--propagation', 'private', 'sh', '-euc', SCRIPT, 'sh', ...copies.flat()],
      {
        env: {
          ...tfk.variables,
          NODE: process.execPath,
          CLI: builtProgram('cli/main.js'),
          API: `https://localhost:${tfk.running.apiPort}/`,
          // Who names a bundle of its own does not ask the system.
          SSL_CERT_FILE: undefined,
          CURL_CA_BUNDLE: undefined,
        },
        reject: false,
      },
    );
    expect({ stdout: stdout.split('\n'), stderr, exitCode }).toMatchObject({
      exitCode: 0,
      stdout: ['before: 60', 'trusted: 0', 'undone: 60', 'bundle as before'],
      stderr: expect.stringMatching(
        /this system trusts the authority\..*\n(.*\n)*.*this system trusts the authority no more\./,
      ) as string,
    });
  });
});

/** Arguments: folder and copy, twice. 60 is what curl exits with where it does not trust a certificate. */
const SCRIPT = `
cp -a "$1" "$2"; mount --bind "$2" "$1"
cp -a "$3" "$4"; mount --bind "$4" "$3"
asked() { curl --silent --noproxy '*' --output /dev/null "$API" && echo 0 || echo $?; }
update-ca-certificates --fresh >/dev/null 2>&1
bundle=$(sort /etc/ssl/certs/ca-certificates.crt | sha256sum)
echo "before: $(asked)"
"$NODE" "$CLI" certs:trust --yes >&2
echo "trusted: $(asked)"
"$NODE" "$CLI" certs:trust --undo --yes >&2
echo "undone: $(asked)"
[ "$bundle" = "$(sort /etc/ssl/certs/ca-certificates.crt | sha256sum)" ] && echo 'bundle as before'
`;
