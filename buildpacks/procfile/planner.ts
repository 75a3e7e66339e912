import { anyVersionOf, planOn } from '../plan.js';
import type { Planner } from '../planner.js';

/** The source brings whatever its Procfile starts: scripts, or programs built elsewhere. */
export const procfilePlanner: Planner = {
  name: 'procfile',
  looksFor: 'Procfile (commands that need no build)',
  buildpack: { name: 'heroku/procfile', description: 'What a Procfile starts, without a build' },
  detect: (source) => source.has('Procfile'),
  plan: () => ({
    ...planOn(anyVersionOf('none')),
    planner: 'procfile',
    label: 'Procfile',
    notes: ['No build steps: the source is the slug'],
  }),
};
