import type { ConfigVars } from '../../api/config-vars.js';
import type { Release } from '../../api/releases.js';
import type { ReleaseDiff } from '../../api/tfk.js';
import { appOption, command, count, flag, jsonOption, optional, required } from '../command.js';
import { pathOfApp, tfkPathOfApp } from '../context.js';
import { UsageError, UserError } from '../errors.js';
import { showStream } from '../follow/builds.js';
import { showLive } from '../follow/live.js';
import { earlierRelease, newestReleases, releaseNamed } from '../follow/releases.js';
import { diffLines } from '../output/diff.js';
import { appName } from '../output/output.js';
import { releaseLines } from '../output/releases.js';
import { visible } from '../output/sanitise.js';
import { shellPair } from '../output/shell.js';
import { fields } from '../output/table.js';
import { ago } from '../output/time.js';

const list = command({
  name: 'releases',
  summary: 'list the releases of an app, newest first',
  args: {},
  options: { app: appOption, json: jsonOption, most: count('-n, --num <count>', 'how many (15)') },
  examples: ['tfk releases -a myapp', 'tfk releases -n 50'],
  async run(context, { options }) {
    const { output } = context;
    const app = context.app(options.app);
    const releases = await newestReleases(context, app, options.most ?? 15);
    if (options.json) return output.json(releases);
    if (releases.length === 0) return output.line(`${appName(output.out, app)} has no releases.`);
    const current = releases.find((release) => release.current);
    output.header(`${appName(output.out, app)} Releases${current ? ` - Current: v${current.version}` : ''}`);
    return output.lines(releaseLines(releases, context.now(), output.out, output.width));
  },
});

const release = optional('release', 'v12; else the newest');

const info = command({
  name: 'releases:info',
  summary: 'show a release and the config that it has',
  args: { release },
  options: { app: appOption, json: jsonOption, shell: flag('-s, --shell', 'its config as KEY=value lines') },
  examples: ['tfk releases:info v12 -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const app = context.app(options.app);
    const found = await releaseNamed(context, app, args.release);
    const config = await client.get<ConfigVars>(`${pathOfApp(app)}/releases/${found.version}/config-vars`);
    if (options.json) return output.json({ ...found, config });
    const vars = Object.entries(config);
    if (options.shell) return output.lines(vars.map(([key, value]) => shellPair(key, value)));
    output.header(`Release v${found.version}`);
    output.lines(fields(factsOf(found, context.now())));
    output.line();
    output.header(`v${found.version} Config vars`);
    return output.lines(fields(vars));
  },
});

const releaseOutput = command({
  name: 'releases:output',
  summary: "show what a release's command printed",
  args: { release },
  options: { app: appOption },
  examples: ['tfk releases:output v12 -a myapp'],
  async run(context, { args, options }) {
    const found = await releaseNamed(context, context.app(options.app), args.release);
    if (found.output_stream_url === null) {
      return context.output.progress(`v${found.version} ran no release command.`);
    }
    await showStream(context, found.output_stream_url, 'stdout');
    return undefined;
  },
});

const diff = command({
  name: 'releases:diff',
  summary: 'show what differs between two releases',
  details: 'Values of config vars are masked. With one release: against the one before it.',
  args: { from: required('from', 'v3'), to: optional('to', 'v4') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk releases:diff v3 v4 -a myapp'],
  async run(context, { args, options }) {
    const { client, output } = context;
    const [from, to] = versionsOf(args.from, args.to);
    const path = `${tfkPathOfApp(context.app(options.app))}/releases/${from}/diff/${to}`;
    const found = await client.get<ReleaseDiff>(path);
    if (options.json) return output.json(found);
    output.header(`v${found.from} → v${found.to}`);
    return output.lines(diffLines(found, output.out));
  },
});

const rollback = command({
  name: 'releases:rollback',
  summary: 'go back to an earlier release, as a new one',
  args: { release: optional('release', 'v12; else the one before the current') },
  options: { app: appOption, json: jsonOption },
  examples: ['tfk rollback -a myapp', 'tfk rollback v12'],
  async run(context, { args, options }) {
    const started = performance.now();
    const { client, output } = context;
    const app = context.app(options.app);
    const before = await newestReleases(context, app, 20);
    const target =
      args.release === undefined ? previous(before, app) : await releaseNamed(context, app, args.release);
    const made = await output.action(
      `Rolling back ${appName(output.err, app)} to v${target.version}`,
      () => client.post<Release>(`${pathOfApp(app)}/releases`, { release: target.id }),
      (release) => `v${release.version}`,
    );
    output.warn("Rollback affects code and config vars; it doesn't add or remove addons.");
    const current = before.find((release) => release.current);
    if (current) output.warn(`To undo, run: tfk rollback v${current.version} -a ${app}`);
    return showLive(context, made, { app, started, json: options.json });
  },
});

const retry = command({
  name: 'releases:retry',
  summary: 'release the newest code again, and run its release command again',
  details:
    'For a release command that failed by something other than the code. What is live stays until it succeeds.',
  args: {},
  options: { app: appOption, json: jsonOption },
  examples: ['tfk releases:retry -a myapp'],
  async run(context, { options }) {
    const started = performance.now();
    const { client, output } = context;
    const app = context.app(options.app);
    const newest = await releaseNamed(context, app, undefined);
    if (newest.slug === null)
      throw new UserError(`${app} has no code yet.`, { hint: `Type: tfk push -a ${app}` });
    const made = await output.action(
      `Retrying v${newest.version} on ${appName(output.err, app)}`,
      () =>
        client.post<Release>(`${pathOfApp(app)}/releases`, {
          slug: newest.slug?.id,
          description: `Retry of v${newest.version}: ${newest.description}`,
        }),
      (release) => `v${release.version}`,
    );
    return showLive(context, made, { app, started, json: options.json });
  },
});

export const commands = [list, info, releaseOutput, diff, rollback, retry];

function factsOf(release: Release, now: Date): [string, string | string[]][] {
  return [
    ...(release.addon_plan_names.length > 0
      ? [['Add-ons', release.addon_plan_names] as [string, string[]]]
      : []),
    ['By', release.user.email],
    ['Change', release.description],
    ['Eligible for Rollback?', release.eligible_for_rollback ? 'Yes' : 'No'],
    ['Status', release.message === null ? release.status : `${release.status}: ${release.message}`],
    ['When', ago(release.created_at, now)],
  ];
}

function previous(releases: readonly Release[], app: string): Release {
  const found = earlierRelease(releases);
  if (found) return found;
  throw new UserError(`${app} has no earlier release to go back to.`, {
    hint: `Type: tfk releases -a ${app}`,
  });
}

function versionsOf(from: string, to: string | undefined): [number, number] {
  const first = versionOf(from);
  if (to !== undefined) return [first, versionOf(to)];
  if (first < 2) throw new UsageError('There is no release before v1.', 'Type: tfk releases:diff v1 v2');
  return [first - 1, first];
}

function versionOf(text: string): number {
  const [, digits] = /^v?(\d{1,9})$/.exec(text) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new UsageError(`${visible(text)} is no release; releases are v1, v2, …`, 'Type: tfk releases');
}
