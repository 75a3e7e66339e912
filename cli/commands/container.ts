import type { Formation } from '../../api/formation.js';
import { appOption, command, jsonOption, restRequired, text } from '../command.js';
import { pathOfApp } from '../context.js';
import { UsageError } from '../errors.js';
import { showLive } from '../follow/live.js';
import { releaseNamed } from '../follow/releases.js';
import { appName } from '../output/output.js';
import { visible } from '../output/sanitise.js';

const release = command({
  name: 'container:release',
  summary: "release images of this machine's Docker engine, one a process type",
  details:
    'An image is named, tagged or known by its id; it is never fetched. Without one, TYPE runs the image which is tagged\n' +
    'registry.heroku.com/APP/TYPE, as on Heroku: `docker build -t registry.heroku.com/myapp/web .` makes it.\n' +
    'Other types go on running the images that they have.',
  args: { types: restRequired('type=image', 'web=myimage:1.2, worker=sha256:…; or web alone') },
  options: {
    app: appOption,
    image: text('--image <image>', 'for all types that name none'),
    json: jsonOption,
  },
  examples: [
    'tfk container:release web -a myapp',
    'tfk container:release web=site:1.2 worker=jobs:1.2 -a myapp',
    'tfk container:release web worker --image myimage -a myapp',
  ],
  async run(context, { args, options }) {
    const started = performance.now();
    const { client, output } = context;
    const app = context.app(options.app);
    const updates = args.types.map((typed) => updateOf(typed, options.image, app));
    const types = updates.map(({ type }) => visible(type)).join(' and ');
    const made = await output.action(
      `Releasing images ${types} to ${appName(output.err, app)}`,
      async () => {
        await client.patch<Formation[]>(`${pathOfApp(app)}/formation`, { updates });
        return releaseNamed(context, app, undefined);
      },
      ({ version }) => `v${version}`,
    );
    return showLive(context, made, { app, started, json: options.json });
  },
});

export const commands = [release];

/** `web=image`, or `web`. */
function updateOf(
  typed: string,
  image: string | undefined,
  app: string,
): { readonly type: string; readonly docker_image: string } {
  const [type = '', ...named] = typed.split('=');
  const docker_image = named.join('=');
  if (type !== '' && (docker_image !== '' || named.length === 0))
    return { type, docker_image: docker_image || (image ?? `registry.heroku.com/${app}/${type}`) };
  throw new UsageError(
    `${visible(typed)} is not a process type with an image.`,
    'Type one such as web=myimage:1.2',
  );
}
