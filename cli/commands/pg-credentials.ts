import { appOption, command, confirmOption, optional } from '../command.js';
import { rotateCredentials, ROTATION } from '../database/rotate.js';

const rotate = command({
  name: 'pg:credentials:rotate',
  summary: 'give a database new credentials',
  details: ROTATION,
  args: { database: optional('database', 'an attachment or add-on; else DATABASE') },
  options: { app: appOption, confirm: confirmOption },
  examples: ['tfk pg:credentials:rotate -a myapp --confirm myapp'],
  async run(context, { args, options }) {
    return rotateCredentials(context, {
      app: context.app(options.app ?? options.confirm),
      name: args.database ?? 'DATABASE',
      confirm: options.confirm,
      command: 'pg:credentials:rotate',
      what: 'database',
    });
  },
});

export const commands = [rotate];
