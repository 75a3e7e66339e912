import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeTfkd } from './fake-tfkd.js';
import { runCli } from './run-cli.js';

const ID = '01234567-89ab-cdef-0123-456789abcdef';
const endpoint = {
  id: ID,
  name: 'emu-1',
  ssl_cert: {
    acm: false,
    'ca_signed?': false,
    'self_signed?': true,
    cert_domains: ['www.example.com'],
    expires_at: '2027-01-02T03:04:05Z',
    starts_at: '2026-01-02T03:04:05Z',
    issuer: '/CN=x',
    subject: '/CN=x',
  },
};
const domain = {
  id: ID,
  hostname: 'www.example.com',
  kind: 'custom',
  status: 'none',
  app: { id: ID, name: 'x' },
  acm_status: 'failed',
  acm_status_reason: 'not below .test',
  cname: 'x.localhost',
  created_at: '2026-01-02T03:04:05Z',
  updated_at: '2026-01-02T03:04:05Z',
  sni_endpoint: { id: ID, name: 'emu-1' },
};
const own = { ...domain, id: 'own', hostname: 'x.localhost', kind: 'heroku' };

let tfkd: FakeTfkd;
beforeEach(async () => {
  tfkd = await new FakeTfkd().start();
  writeFileSync(join(tfkd.home, 'a.crt'), 'CRT');
  writeFileSync(join(tfkd.home, 'a.key'), 'KEY');
});
afterEach(() => tfkd.stop());
const tfk = (words: string) => runCli(words.split(' '), { home: tfkd.home });

describe('certificates', () => {
  it('are added, listed and shown', async () => {
    tfkd
      .on('POST /apps/x/sni-endpoints', { status: 201, json: endpoint })
      .on('GET /apps/x/sni-endpoints', { json: [endpoint] });
    const added = await tfk('certs:add a.crt a.key -a x');
    expect(added.stderr).toBe('Adding SSL certificate to ⬢ x... done, emu-1\n');
    expect(tfkd.sent('POST /apps/x/sni-endpoints')).toEqual({ certificate_chain: 'CRT', private_key: 'KEY' });
    const [head, , row] = (await tfk('certs -a x')).stdout.split('\n');
    expect(head).toMatch(/^Name +Common Name\(s\) +Expires +Trusted +Type$/);
    expect(row).toMatch(/^emu-1 +www.example.com +2027\S+ +self-signed +SNI$/);
    expect((await tfk('certs:info -a x')).stdout).toMatch(/Common Name\(s\): +www.example.com/);
  });

  it('are replaced and removed only when that is confirmed', async () => {
    const path = `/apps/x/sni-endpoints/${ID}`;
    tfkd
      .on('GET /apps/x/sni-endpoints/emu-1', { json: endpoint })
      .on(`PATCH ${path}`, { json: endpoint })
      .on(`DELETE ${path}`, { json: endpoint });
    expect((await tfk('certs:remove --name emu-1 -a x')).code).toBe(2);
    expect((await tfk('certs:update a.crt a.key --name emu-1 -a x --confirm y')).code).toBe(2);
    expect(tfkd.requests().filter((request) => !request.startsWith('GET'))).toEqual([]);
    expect((await tfk('certs:update a.crt a.key --name emu-1 -a x --confirm x')).code).toBe(0);
    expect(tfkd.sent(`PATCH ${path}`)).toEqual({ certificate_chain: 'CRT', private_key: 'KEY' });
    expect((await tfk('certs:remove --name emu-1 -a x --confirm x')).code).toBe(0);
    expect(tfkd.requests()).toContain(`DELETE ${path}`);
  });

  it('whose file is missing are not sent', async () => {
    const ended = await tfk('certs:add none.crt a.key -a x');
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('none.crt cannot be read (ENOENT): nothing was done.');
  });

  it('that are automatic say how each domain stands', async () => {
    tfkd
      .on('GET /apps/x', { json: { name: 'x', acm: true } })
      .on('GET /apps/x/domains', { json: [own, domain] })
      .on('DELETE /apps/x/acm', { json: {} });
    expect((await tfk('certs:auto -a x')).stdout).toMatch(/www.example.com +failed +not below .test/);
    expect((await tfk('certs:auto:disable -a x')).code).toBe(2);
    expect((await tfk('certs:auto:disable -a x --confirm x')).code).toBe(0);
  });

  it('say what to type for each system to trust the authority', async () => {
    tfkd.on('GET /tfk/authority', { json: { certificate: 'PEM', path: '/a b/ca.crt', expires_at: '' } });
    const { stdout } = await tfk('certs:trust');
    expect(stdout).toContain("sudo cp '/a b/ca.crt' /usr/local/share/ca-certificates/tfk.crt");
    expect((await tfk('certs:trust --undo')).stdout).toContain('sudo update-ca-certificates --fresh');
  });
});

describe('domains', () => {
  it('are shown, given a certificate, waited for and cleared', async () => {
    const path = '/apps/x/domains';
    tfkd
      .on(`GET ${path}`, { json: [own, domain] })
      .on(`GET ${path}/www.example.com`, { json: { ...domain, status: 'pending' } })
      .on(`GET ${path}/${ID}`, { json: domain })
      .on(`PATCH ${path}/www.example.com`, { json: domain })
      .on(`DELETE ${path}/${ID}`, { json: domain });
    expect((await tfk('domains:info www.example.com -a x')).stdout).toMatch(/sni_endpoint: +emu-1/);
    expect((await tfk('domains:update www.example.com --cert emu-1 -a x')).code).toBe(0);
    expect(tfkd.sent(`PATCH ${path}/www.example.com`)).toEqual({ sni_endpoint: 'emu-1' });
    expect((await tfk('domains:wait www.example.com -a x')).stderr).toBe(
      'Waiting for www.example.com... done\n',
    );
    expect((await tfk('domains:clear -a x')).code).toBe(0);
    expect(tfkd.requests().filter((request) => request.startsWith('DELETE'))).toEqual([
      `DELETE ${path}/${ID}`,
    ]);
  });
});
