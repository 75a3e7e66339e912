import type { EngineWish } from '../config.js';

/** The engine of new apps, and why it is that one: for `tfk doctor`. */
export interface EngineChoice {
  readonly name: EngineWish;
  readonly because: string;
}

/** What was asked for; else Docker where it answers. `whyNot` tells why Docker does not answer, null where it does. */
export async function chooseEngine(
  wish: EngineWish | null,
  whyNot: () => Promise<string | null>,
): Promise<EngineChoice> {
  if (wish !== null) return { name: wish, because: `TFK_ENGINE=${wish}` };
  const reason = await whyNot();
  return reason === null
    ? { name: 'docker', because: 'Docker answers' }
    : { name: 'process', because: `there is no Docker: ${reason}` };
}
