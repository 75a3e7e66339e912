import type { Check, Doctor } from '../../api/tfk.js';
import { command, jsonOption } from '../command.js';
import type { Context } from '../context.js';
import { EXIT, UserError } from '../errors.js';
import { visible } from '../output/sanitise.js';
import { displayWidth } from '../output/table.js';

const MARKS = { ok: ['✓', 'green'], warning: ['!', 'yellow'], failed: ['✗', 'red'] } as const;

const doctor = command({
  name: 'doctor',
  summary: 'say what is on this machine: engine, isolation, ports, disk, versions',
  details: 'Exits with 1 when something fails.',
  args: {},
  options: { json: jsonOption },
  examples: ['tfk doctor'],
  async run(context, { options }) {
    const { output } = context;
    const checks = [cliCheck(context), ...(await daemonChecks(context))];
    if (options.json) output.json({ checks });
    else output.lines(checkLines(checks, context));
    return checks.some(({ status }) => status === 'failed') ? EXIT.failed : EXIT.ok;
  },
});

export const commands = [doctor];

/** A tfkd that does not start is a finding, not the end of the examination. */
async function daemonChecks(context: Context): Promise<readonly Check[]> {
  try {
    return (await context.client.get<Doctor>('/tfk/doctor')).checks;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [{ name: 'tfkd', status: 'failed', detail: error.message, hint: error.hint ?? null }];
  }
}

function cliCheck({ installation }: Context): Check {
  return {
    name: 'tfk',
    status: 'ok',
    detail: `${installation.version}, Node ${process.version}, ${process.platform} ${process.arch}`,
    hint: null,
  };
}

function checkLines(checks: readonly Check[], { output }: Context): string[] {
  const width = Math.max(...checks.map(({ name }) => displayWidth(visible(name))));
  return checks.flatMap(({ name, status, detail, hint }) => {
    const [mark, colour] = MARKS[status];
    const line = `${output.out.in(colour, mark)} ${visible(name).padEnd(width)}  ${visible(detail)}`;
    return hint === null ? [line] : [line, `  ${' '.repeat(width)}  ${output.out.in('dim', visible(hint))}`];
  });
}
