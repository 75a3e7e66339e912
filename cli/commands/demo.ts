import { request } from 'node:http';
import { join } from 'node:path';
import type { App } from '../../api/apps.js';
import type { Info } from '../../api/tfk.js';
import { textOf } from '../client/client.js';
import { command, optional } from '../command.js';
import { pathOfApp, type Context } from '../context.js';
import { UserError } from '../errors.js';
import { visible } from '../output/sanitise.js';
import { push } from './push.js';

const OLDEST_NODE: readonly [number, number] = [20, 19];

const demo = command({
  name: 'demo',
  summary: 'push the sample app and show that it answers',
  args: { dir: optional('dir', 'a folder with an app that answers GET /health') },
  options: {},
  examples: ['npm run demo'],
  hidden: true,
  async run(context, { args }) {
    mustHaveNode(process.versions.node);
    const { output, installation } = context;
    const folder = args.dir ?? join(installation.root, 'examples', 'users-api');
    await push.run(context, { args: { dir: folder }, options: { json: false } });
    const choice = context.appOfFolder(undefined, folder);
    const app = await context.client.get<App>(pathOfApp(choice?.name ?? context.app(undefined)));
    const { router } = await context.client.get<Info>('/tfk/info');
    const url = app.web_url ?? '';
    output.line(`GET ${url}health → ${visible(await healthOf(url, router.port))}`);
    output.lines(whatNext(context, app.name, url));
    return undefined;
  },
});

export const commands = [demo];

function mustHaveNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldest, oldestMinor] = OLDEST_NODE;
  if (major > oldest || (major === oldest && minor >= oldestMinor)) return;
  throw new UserError(`tfk needs Node ${OLDEST_NODE.join('.')} or later; this is ${version}.`, {
    hint: 'Nothing was changed.',
  });
}

/** Names below .localhost do not resolve everywhere: the router is asked at 127.0.0.1, for the app's host. */
function healthOf(url: string, port: number | null): Promise<string> {
  const { host } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: port ?? 8080, path: '/health', headers: { host }, timeout: 30_000 },
      (reply) => {
        textOf(reply).then((body) => {
          if (reply.statusCode === 200) resolve(`200 ${body.trim()}`);
          else
            reject(
              new UserError(`GET ${url}health answered ${reply.statusCode ?? 0}: ${body.slice(0, 200)}`, {
                hint: 'Type: tfk logs',
              }),
            );
        }, reject);
      },
    );
    asked.once('timeout', () =>
      asked.destroy(new UserError(`GET ${url}health was not answered in 30 s.`, { hint: 'Type: tfk logs' })),
    );
    asked.once('error', reject);
    asked.end();
  });
}

function whatNext({ installation, config }: Context, app: string, url: string): string[] {
  const path = (config.env['PATH'] ?? '').split(':').includes(join(installation.root, 'dist', 'bin'));
  return [
    '',
    `It runs at ${url}`,
    '',
    'Try:',
    ...(path ? [] : [`  export PATH=${join(installation.root, 'dist', 'bin')}:$PATH`]),
    `  tfk ps -a ${app}`,
    `  tfk scale web=2 -a ${app}`,
    `  tfk logs --tail -a ${app}`,
    `  tfk releases -a ${app}`,
    '',
    'It goes on running. To stop all of it: tfk daemon stop',
  ];
}
