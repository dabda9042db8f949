// How long `dr-syncer --version` and `--help` take, as a ratio to a bare `node -e 0` in the same run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const ROUNDS = 15;
// Times bare node; more is a failure of this script.
const GOAL = 7;
const node = process.execPath;
const cases: Record<string, string[]> = {
  'node -e 0': ['-e', '0'],
  'dr-syncer --version': ['bin/dr-syncer.js', '--version'],
  'dr-syncer --help': ['bin/dr-syncer.js', '--help'],
  'dr-syncer stage --help': ['bin/dr-syncer.js', 'stage', '--help'],
};

if (!existsSync('dist/dr-syncer.js')) throw new Error('dist is missing: run npm run build first');

const times = new Map<string, number[]>(Object.keys(cases).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, args] of Object.entries(cases)) {
    const started = performance.now();
    const { status } = spawnSync(node, args, { stdio: 'ignore' });
    if (status !== 0) throw new Error(`${name} exited ${status}`);
    // The first round fills the compile cache and the page cache.
    if (round > 0) times.get(name)?.push(performance.now() - started);
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const floor = median(times.get('node -e 0') ?? []);
for (const [name, values] of times) {
  const ms = median(values);
  if (ms / floor > GOAL) process.exitCode = 1;
  console.log(
    `${name.padEnd(24)} ${ms.toFixed(1).padStart(7)} ms   ${(ms / floor).toFixed(2)}x of bare node`,
  );
}
console.log(`goal: at most ${GOAL}x: ${process.exitCode === 1 ? 'missed' : 'met'}`);
