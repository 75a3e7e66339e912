import type { Logger } from '../../shared/logger.js';
import type { DynoRecord } from '../../store/dynos.js';
import { AppSetups } from '../app-setups.js';
import { buildService, fetchSource } from './builds.js';
import type { Stages } from './stages.js';

/** Characters of a postdeploy script's output that are kept with the set-up; all of it is in the app's log. */
const OUTPUT_KEPT = 64 * 1024;

export function createAppSetups(stages: Stages, logger: Logger): AppSetups {
  const { store, clock, apps, releases, oneOffs } = stages;
  return new AppSetups({
    store,
    clock,
    logger,
    apps,
    releases,
    builds: buildService(stages),
    async fetchSource(url) {
      const source = store.sources.byId(await fetchSource(stages, url));
      if (!source) throw new Error('the source was just taken in');
      return source;
    },
    oneOffs,
    printed: (dyno) => printed(stages, dyno),
  });
}

async function printed({ logs }: Stages, { appId, name }: DynoRecord): Promise<string> {
  let text = '';
  for await (const line of logs.read(appId, { dyno: name, source: 'app' }, 0, logs.newest(appId))) {
    if ('text' in line) text += `${line.text}\n`;
    if (text.length > OUTPUT_KEPT) return text.slice(0, OUTPUT_KEPT);
  }
  return text;
}
