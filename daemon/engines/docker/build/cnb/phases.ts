import type Docker from 'dockerode';
import type { Builder } from '../../../../../buildpacks/cnb/builder-image.js';
import { BUILDER_VAR } from '../../../../../buildpacks/cnb/wish.js';
import { heard } from '../../../build/heard.js';
import { StepFailed } from '../../../build/step-failed.js';
import type { BuildOutput } from '../../../engine.js';
import type { CommandRunner } from '../steps/command-runner.js';
import { APP_DIR, LAYERS_DIR, LIFECYCLE_DIR, ORDER_FILE, PLATFORM_DIR } from './places.js';

export interface PhasesParts {
  readonly image: string;
  /** Who names that image: PlannedBuilder.by. */
  readonly by: string;
  readonly builder: Builder;
  readonly container: Docker.Container;
  readonly commands: CommandRunner;
  readonly output: BuildOutput;
  /** Of the lifecycle itself: proxies. Buildpacks are given theirs in files. */
  readonly env: Readonly<Record<string, string>>;
  /** Does project.toml say which buildpacks are run? */
  readonly ordered: boolean;
}

/** Runs the phases of a builder's lifecycle that run buildpacks, in its container. */
export class Phases {
  constructor(private readonly parts: PhasesParts) {}

  /** Rejects with StepFailed where no buildpacks take the source. */
  async detect(): Promise<void> {
    const why = await this.run('detector');
    if (why === null) return;
    const { image, by } = this.parts;
    const tried = this.tried();
    if (why === 'exited with status 20')
      throw new StepFailed({
        ok: false,
        reason: 'detect',
        message: `No buildpack of the builder ${image} builds this source.${tried}`,
        hint: `Above is what each of them says. Is the folder right? Another builder is named by \`tfk config:set ${BUILDER_VAR}=IMAGE\`; for none, ${withoutBuilder(by)}.`,
      });
    const message =
      why === 'exited with status 21'
        ? `No buildpack of the builder ${image} builds this source, and at least one failed on it.${tried}`
        : `The detector of the builder ${image} ${why}${meaning(why)}.`;
    throw failed(message, 'Above is what it says.');
  }

  /** Rejects with StepFailed where a buildpack fails. */
  async build(): Promise<void> {
    const why = await this.run('builder');
    if (why === null) return;
    const { image } = this.parts;
    const message =
      why === 'exited with status 51'
        ? `A buildpack of the builder ${image} failed to build this source.`
        : `The lifecycle of the builder ${image} ${why}${meaning(why)}.`;
    throw failed(message, 'Above is what it says.');
  }

  private run(phase: 'detector' | 'builder'): Promise<string | null> {
    const { commands, container, builder, output, env, ordered } = this.parts;
    return commands.command([`${LIFECYCLE_DIR}/${phase}`], {
      what: `The ${phase} of the builder`,
      container,
      as: runsAs(builder),
      env: {
        ...env,
        CNB_PLATFORM_API: builder.platformApi,
        CNB_APP_DIR: APP_DIR,
        CNB_LAYERS_DIR: LAYERS_DIR,
        CNB_PLATFORM_DIR: PLATFORM_DIR,
        CNB_NO_COLOR: 'true',
        ...(ordered ? { CNB_ORDER_PATH: ORDER_FILE } : {}),
      },
      line: (text) => heard(output, text),
    });
  }

  private tried(): string {
    const { builder, ordered } = this.parts;
    const groups = builder.order.filter((group) => group.length > 0);
    if (ordered || groups.length === 0) return '';
    return ` It tried: ${groups.map((group) => group.join(' + ')).join('; ')}.`;
  }
}

export const runsAs = ({ user }: Builder): { readonly user: string; readonly folder: string } => ({
  user: `${user.uid}:${user.gid}`,
  folder: APP_DIR,
});

const withoutBuilder = (by: string): string =>
  by === BUILDER_VAR ? `type \`tfk config:unset ${BUILDER_VAR}\`` : `remove \`builder\` from ${by}`;

/** What the specification has a lifecycle's exit status mean. */
function meaning(why: string): string {
  if (why === 'exited with status 11')
    return ': it does not know the Platform API that its image says it knows';
  return why === 'exited with status 12' ? ': one of its buildpacks has an API that it does not know' : '';
}

const failed = (message: string, hint: string): StepFailed =>
  new StepFailed({ ok: false, reason: 'command', message, hint });
