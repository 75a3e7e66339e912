import { systemClock } from '../../daemon/shared/clock.js';
import { createFakeEngine } from '../support/fake-engine.js';
import { describeEngine, type EngineFixture } from './engine.contract.js';

const SHELL = 'its shell knows a few words only';
const FILES = 'it has no files';
const TERMINAL = 'it has no terminals';
const PROCESSES = 'it has no processes that could have children';

const create = async (): Promise<EngineFixture> => {
  const engine = createFakeEngine(systemClock);
  return {
    engine,
    reopen: () => Promise.resolve(engine.reopened()),
    neighbour: () => Promise.resolve(createFakeEngine(systemClock)),
    leftovers: () => Promise.resolve([]),
    dispose: () => Promise.resolve(),
  };
};

describeEngine('fake', create, {
  'delivers both streams, empty lines, and a last line without a newline': SHELL,
  'delivers what a dyno writes to /dev/stdout and /dev/stderr by name': FILES,
  'cuts lines at 10 000 bytes, and never inside a character': SHELL,
  'sends each signal it is asked for': SHELL,
  'signals the whole process group': PROCESSES,
  'kills what still runs on removal, and what has left its group': PROCESSES,
  'ends what the dyno left running when its first process has ended': PROCESSES,
  'gives exactly the environment it was told, byte by byte': SHELL,
  'says without a value which variable cannot be given': SHELL,
  'reaches a dyno at its address, where it listens on PORT': SHELL,
  'hands out a slug as an archive of ./app': FILES,
  'gives each dyno a fresh copy of the slug and a scratch of its own': FILES,
  'puts the folders of the plan in front of the PATH': FILES,
  'sources the slug’s .profile.d and .profile for each command, which they cannot change': FILES,
  'starts a logged dyno with an empty stdin and nothing else open': SHELL,
  'rejects a start that cannot be made, and keeps nothing of it': FILES,
  'carries 50 MB through stdin and stdout unchanged': SHELL,
  'takes what is written to a dyno that reads no more': SHELL,
  'gives a terminal of the asked size, and changes it': TERMINAL,
  'tells a program on a terminal of a new size': TERMINAL,
  'ends input on a terminal at ^D and interrupts at ^C': TERMINAL,
  'runs a further process in a dyno: its folder, environment and exit code': FILES,
  'runs a further process with a terminal, also after a restart of the daemon': TERMINAL,
});
