import type Docker from 'dockerode';
import { TfkError } from '../../../shared/errors.js';
import { statusOf } from '../answers.js';
import { LABEL } from '../names.js';

const SEE_PS = 'See `tfk ps` for the dynos that run.';

/** Why a dyno's stdio is not to be had; without a reason, whatever its container tells. */
export async function noStdio(container: Docker.Container, why?: string): Promise<TfkError> {
  const labels = await labelsOf(container);
  const name = labels[LABEL.dyno] ?? 'The dyno';
  if (why !== undefined) return refusal(`${name} ${why}.`);
  if (labels[LABEL.stdio] === 'logged') return refusal(`${name} writes to the log.`);
  return new TfkError(
    'conflict',
    `${name} cannot be attached to: its input and output were lost when tfkd was restarted, or it is gone.`,
    { hint: 'Start another with `tfk run`; `tfk ps:stop` ends the old one.' },
  );
}

/** What to say of a process that was not started in a container; other errors than of its state stay as they are. */
export async function noProcess(container: Docker.Container, error: unknown): Promise<unknown> {
  if (![404, 409].includes(statusOf(error) ?? 0)) return error;
  const name = (await labelsOf(container))[LABEL.dyno] ?? 'The dyno';
  return new TfkError('conflict', `${name} does not run.`, { hint: SEE_PS, cause: error });
}

const refusal = (message: string): TfkError => new TfkError('conflict', message, { hint: SEE_PS });

/** Empty when the container is gone, or Docker does not answer: they only name things. */
async function labelsOf(container: Docker.Container): Promise<Readonly<Record<string, string>>> {
  return container.inspect().then(
    ({ Config }) => Config.Labels,
    () => ({}),
  );
}
