import { resolve } from 'node:path';
import type { BuildPlan } from '../../api/tfk.js';
import { appOption, command, flag, jsonOption, optional } from '../command.js';
import { UserError } from '../errors.js';
import { planLines } from '../output/plan.js';
import { sourceOf, upload } from '../source/upload.js';

const plan = command({
  name: 'plan',
  summary: 'print what a build of a folder would do, and do nothing',
  args: { dir: optional('dir', 'the folder; else the one you are in') },
  options: {
    app: appOption,
    dockerfile: flag('--dockerfile', 'print a Dockerfile that builds the same without tfk'),
    json: jsonOption,
  },
  examples: ['tfk plan', 'tfk plan examples/users-api --json', 'tfk plan --dockerfile > Dockerfile'],
  async run(context, { args, options }) {
    const { client, config, output } = context;
    const folder = resolve(config.cwd, args.dir ?? '.');
    const url = await upload(context, await sourceOf(context, folder));
    const app = options.app ?? config.app;
    const found = await client.post<BuildPlan>('/tfk/plans', {
      source_blob: { url },
      dockerfile: options.dockerfile,
      ...(app === undefined ? {} : { app }),
    });
    if (options.json) output.json(found);
    else if (options.dockerfile) output.lines(dockerfileOf(found));
    else output.lines(planLines(found, output.out));
    return undefined;
  },
});

function dockerfileOf({ dockerfile }: BuildPlan): string[] {
  if (dockerfile !== null) return dockerfile.replace(/\n$/, '').split('\n');
  throw new UserError('This source is built from a Dockerfile already.');
}

export const commands = [plan];
