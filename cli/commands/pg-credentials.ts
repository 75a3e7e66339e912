import { appOption, command, confirmOption, jsonOption, optional } from '../command.js';
import { rotateCredentials, ROTATION } from '../database/rotate.js';

const rotate = command({
  name: 'pg:credentials:rotate',
  summary: 'give a database new credentials',
  details: ROTATION,
  args: { database: optional('database', 'an attachment or add-on; else DATABASE') },
  options: { app: appOption, confirm: confirmOption, json: jsonOption },
  examples: ['tfk pg:credentials:rotate -a myapp --confirm myapp'],
  async run(context, { args, options }) {
    return rotateCredentials(context, {
      app: context.app(options.app ?? options.confirm),
      name: args.database ?? 'DATABASE',
      confirm: options.confirm,
      json: options.json,
      command: 'pg:credentials:rotate',
      what: 'database',
    });
  },
});

export const commands = [rotate];
