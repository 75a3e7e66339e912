import { command, jsonOption } from '../command.js';

const version = command({
  name: 'version',
  summary: 'print the version of tfk',
  args: {},
  options: { json: jsonOption },
  examples: ['tfk version'],
  async run({ installation, output }, { options }) {
    const { version: own } = installation;
    if (options.json) return output.json({ version: own, node: process.version });
    return output.line(`tfk/${own} ${process.platform}-${process.arch} node-${process.version}`);
  },
});

export const commands = [version];
