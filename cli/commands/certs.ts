import type { Authority } from '../../api/authority.js';
import { command, flag, jsonOption } from '../command.js';

const ca = command({
  name: 'certs:ca',
  summary: "print the certificate of tfk's local authority, for clients to trust",
  details:
    'Made on first use, and limited to names of this machine: localhost and test with all below them, 127.0.0.0/8, ::1.',
  args: {},
  options: { path: flag('--path', 'print where it is on disk'), json: jsonOption },
  examples: ['export NODE_EXTRA_CA_CERTS=$(tfk certs:ca --path)', 'tfk certs:ca > ca.crt'],
  async run({ client, output }, { options }) {
    const authority = await client.get<Authority>('/tfk/authority');
    if (options.json) return output.json(authority);
    return output.line(options.path ? authority.path : authority.certificate.trimEnd());
  },
});

export const commands = [ca];
