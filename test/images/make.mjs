// Gives the Docker engine the base images that tfk's tests need, on any machine: what is there stays as it is, what a
// registry has is pulled, and for the rest stand-ins are made of Debian's packages. The engine is DOCKER_HOST's.
//
//   node test/images/make.mjs                  all that every run of the tests needs
//   node test/images/make.mjs postgres:15      only these
//
// Prints the tags of what it made, a line each, for remove.mjs.
import Docker from 'dockerode';
import { IMAGES } from './definitions.mjs';
import { StandIns } from './stand-ins.mjs';

const began = performance.now();
const say = (text) =>
  console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`);

const asked = process.argv.slice(2);
const unknown = asked.filter((tag) => !(tag in IMAGES));
if (unknown.length > 0) {
  console.error(
    `There is no stand-in for ${unknown.join(', ')}; there are ${Object.keys(IMAGES).join(', ')}.`,
  );
  process.exit(2);
}

const standIns = new StandIns(new Docker(), say);
const results = await Promise.allSettled(
  (asked.length > 0 ? asked : Object.keys(IMAGES).filter((tag) => !IMAGES[tag].onRequest)).map(
    async (tag) => {
      const how = await standIns.ensure(tag);
      say(`${tag}: ${how}`);
      if (how === 'made') console.log(tag);
    },
  ),
);
for (const { reason } of results.filter(({ status }) => status === 'rejected')) {
  console.error(reason.message);
  process.exitCode = 1;
}
