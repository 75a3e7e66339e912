// Removes stand-ins that make.mjs has made: those named, or all. An official image is never removed.
import Docker from 'dockerode';
import { IMAGES } from './definitions.mjs';
import { LABEL } from './stand-ins.mjs';

const docker = new Docker();
const made = await docker.listImages({ filters: JSON.stringify({ label: [LABEL] }) });
const asked = process.argv.slice(2);
// Whatever was built on them has inherited the label.
const tags = made.flatMap(({ RepoTags }) => RepoTags ?? []).filter((tag) => tag in IMAGES);
for (const tag of asked.length > 0 ? tags.filter((one) => asked.includes(one)) : tags) {
  try {
    await docker.getImage(tag).remove();
    console.log(`removed ${tag}`);
  } catch (error) {
    console.error(`${tag} stays: ${error.message}`);
    process.exitCode = 1;
  }
}
