// Makes dist/dr-syncer.js, the one file that bin/dr-syncer.js loads.
import { rm, stat } from 'node:fs/promises';
import { bundle } from './bundle.ts';

await rm('dist', { recursive: true, force: true });
await bundle('dist/dr-syncer.js');
const { size } = await stat('dist/dr-syncer.js');
console.log(`dist/dr-syncer.js ${(size / 1024).toFixed(0)} KiB`);
